"""Train `bundled-bert`: a small masked language model, after Devlin et al. 2018 (BERT).

`python -m training.bert` learns to guess masked tokens of the texts of `training.prose`; nothing
else is taught, no pair of sentences and nothing of where to look.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from torch import Tensor
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

from training import common, prose
from training.common import Ema, Phase, Run, Schedule
from training.data import DEFAULT_CACHE
from training.prose import Text
from training.vit import Optimisers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNKNOWN, CLS, SEP, MASK = range(5)
VOCABULARY, LETTERS, LONGEST = 5000, 120, 128  # tokens, kinds of letters, tokens of a text
SHAPE = {
    "hidden_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 512,
    "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,  # it never learns all by heart
}  # fmt: skip
PHASES = (Phase(1.5, 128, 32),)  # epochs, tokens at most, texts a step
ALONE = 0.6  # share of the texts that are read alone, not with those that follow
TOGETHER = 96  # tokens up to which the others are read together
MASKED = 0.2  # share of the tokens that are guessed


def make_tokenizer(texts: Sequence[Text]) -> PreTrainedTokenizerFast:
    """Lower-cased WordPiece; what it has no letters for is unknown."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        limit_alphabet=LETTERS,
        show_progress=False,
    )
    tokenizer.train_from_iterator(prose.sentences(texts), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]", model_max_length=LONGEST,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )  # fmt: skip


def build(vocabulary: int) -> BertForMaskedLM:
    """The model with random weights."""
    config = BertConfig(
        vocab_size=vocabulary, max_position_embeddings=LONGEST, pad_token_id=PAD, **SHAPE
    )
    return BertForMaskedLM(config)


@dataclass(frozen=True)
class Sequences:
    """Texts as tokens, the shortest first.

    Attributes:
        ids: (n, LONGEST) uint16, padded.
        second: (n,) where the second sentence begins; LONGEST where there is none.
        lengths: (n,) tokens.
    """

    ids: np.ndarray
    second: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[Text], tokenizer: PreTrainedTokenizerFast, seed: int) -> Sequences:
        """Most texts alone, the others with those that follow, some as a pair of sentences."""
        cut = tokenizer.backend_tokenizer.encode_batch
        every = cut(list(prose.sentences(texts)), add_special_tokens=False)
        found = (each.ids for each in every)
        whole = [[next(found) for _ in text] for text in texts]
        rng = np.random.default_rng(seed)
        rows, seconds, place = [], [], 0
        while place < len(whole):
            sentences = list(whole[place])
            place += 1
            if rng.random() > ALONE:
                while place < len(whole) and _count(sentences) < TOGETHER:
                    sentences += whole[place]
                    place += 1
            at = int(rng.integers(1, len(sentences))) if len(sentences) > 1 else len(sentences)
            row, second = _joined(sentences[:at], sentences[at:])
            rows.append(row[:LONGEST])
            seconds.append(min(second, LONGEST))
        return cls._sorted(rows, seconds, rng)

    @classmethod
    def _sorted(
        cls, rows: list[list[int]], seconds: list[int], rng: np.random.Generator
    ) -> Sequences:
        ids = np.full((len(rows), LONGEST), PAD, np.uint16)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = row
        lengths = np.array([len(row) for row in rows])
        order = np.lexsort((rng.random(len(rows)), lengths))
        return cls(ids[order], np.array(seconds)[order], lengths[order])

    def __len__(self) -> int:
        return len(self.ids)

    def batch(self, start: int, count: int) -> dict[str, Tensor]:
        """Texts of about one length, as the model takes them."""
        some = slice(start, start + count)
        longest = int(self.lengths[some].max())
        ids = torch.from_numpy(self.ids[some, :longest].astype(np.int64))
        place = torch.arange(longest)
        second = torch.from_numpy(self.second[some])[:, None]
        return {
            "input_ids": ids,
            "attention_mask": (ids != PAD).long(),
            "token_type_ids": ((place >= second) & (ids != PAD)).long(),
        }


def hide(ids: Tensor, vocabulary: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Tokens with some hidden, and which: eight of ten masked, one another token, one itself."""
    chance = torch.rand(ids.shape, generator=generator)
    asked = (chance < MASKED) & (ids >= len(SPECIAL))
    others = torch.randint(len(SPECIAL), vocabulary, ids.shape, generator=generator)
    shown = torch.where(asked & (chance < 0.8 * MASKED), MASK, ids)
    return torch.where(asked & (chance >= 0.9 * MASKED), others, shown), asked


def guess(model: BertForMaskedLM, batch: dict[str, Tensor], asked: Tensor) -> Tensor:
    """Logits (asked tokens, vocabulary), of these alone: the vocabulary is most of the work."""
    hidden = model.bert(**batch).last_hidden_state
    logits: Tensor = model.cls(hidden[asked])
    return logits


def train(model: BertForMaskedLM, ema: Ema, run: Run, texts: Sequences, seed: int) -> None:
    """One pass over the schedule."""
    optimisers, vocabulary = run.state["optimisers"], model.config.vocab_size
    for step, phase in run:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        start = int(torch.randint(len(texts) - phase.batch, (1,), generator=generator))
        batch = texts.batch(start, phase.batch)
        wanted = batch["input_ids"]
        batch["input_ids"], asked = hide(wanted, vocabulary, generator)
        with common.autocast():
            logits = guess(model, batch, asked)
        loss = F.cross_entropy(logits.float(), wanted[asked])
        optimisers.step(loss, run.schedule.rate(step))
        ema.update()
        run.report(loss.item())


def _count(sentences: list[list[int]]) -> int:
    return sum(map(len, sentences)) + 3


def _joined(first: list[list[int]], second: list[list[int]]) -> tuple[list[int], int]:
    """One text, or two with SEP between; and where the second begins."""
    row = [CLS, *(id for sentence in first for id in sentence), SEP]
    if not second:
        return row, LONGEST
    return [*row, *(id for sentence in second for id in sentence), SEP], len(row)


def export(model: BertForMaskedLM, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    """Write the Transformers folder."""
    out.mkdir(parents=True, exist_ok=True)
    model.config.architectures, model.config.dtype = ["BertForMaskedLM"], "float16"
    model.config.save_pretrained(out)
    common.save_half(model, out / "model.safetensors", without="decoder")  # it is the embedding
    tokenizer.save_pretrained(out)


def arguments() -> argparse.Namespace:
    """The options of this training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, default=prose.WORDNET, help="data.noun is there")
    parser.add_argument("--out", type=Path, default=common.BUNDLED / "bundled-bert")
    parser.add_argument("--checkpoint", type=Path, default=DEFAULT_CACHE / "bundled-bert.pt")
    parser.add_argument("--epochs", type=float, default=1.0, help="factor on the recipe's epochs")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    torch.manual_seed(options.seed)
    texts = prose.training_texts(options.wordnet)
    tokenizer = make_tokenizer(texts)
    sequences = Sequences.of(texts, tokenizer, options.seed)
    model = build(len(tokenizer)).train()
    ema = Ema(model)
    phases = tuple(Phase(p.epochs * options.epochs, p.side, p.batch) for p in PHASES)
    state = {"model": model, "average": ema.average, "optimisers": Optimisers(model, ".layer.")}
    run = Run(Schedule(phases, len(sequences)), state, options.checkpoint, unit="tokens")
    ema.steps = run.start
    mean = sequences.lengths.mean()
    print(f"{len(sequences)} texts of {mean:.0f} tokens, {run.schedule.total} steps", flush=True)
    train(model, ema, run, sequences, options.seed)
    export(ema.average, tokenizer, options.out)


if __name__ == "__main__":
    main()
