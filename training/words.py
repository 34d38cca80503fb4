"""The words of `bundled-clip`: templates, a tokenizer of its own, prompts for zero-shot use."""

from __future__ import annotations

import numpy as np
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

from training.data import Photos, label_of

START, END, PAD = "<|startoftext|>", "<|endoftext|>", "<|pad|>"
VOCABULARY, LONGEST = 3000, 32  # tokens

# Zero-shot use averages a label's embeddings over all of these.
TEMPLATES = (
    "a photo of a {}.",
    "a photo of the {}.",
    "a close-up photo of a {}.",
    "a photo of one {}.",
    "a cropped photo of a {}.",
    "a bright photo of a {}.",
    "a small photo of a {}.",
    "a picture of a {}.",
)
# Heard in training only, so that a bare word and free phrasing mean the same.
MORE = (
    "{}",
    "a {}",
    "a {} .",
    "the {} in the picture",
    "there is a {} in this photo .",
    "this is a {} .",
    "a {} outdoors .",
    "a blurry photo of a {}.",
    "an image of a {}.",
)


def prompt(label: str, rng: np.random.Generator) -> str:
    """A random sentence about a label."""
    return str(rng.choice(TEMPLATES + MORE)).format(label)


def zero_shot_prompts(label: str) -> list[str]:
    """The sentences whose mean embedding stands for a label."""
    return [template.format(label) for template in TEMPLATES]


def make_tokenizer(photos: Photos) -> PreTrainedTokenizerFast:
    """Byte-level BPE over lower-cased training captions, labels and templates."""
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[START, END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_sentences(photos), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, 0), (END, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=START,
        eos_token=END,
        pad_token=PAD,
        model_max_length=LONGEST,
    )


def _sentences(photos: Photos) -> list[str]:
    captions = [text for r in photos.records for text in r.get("captions", ())]
    labels = sorted({label for r in photos.records if (label := label_of(r))})
    return captions + labels * 4 + list(TEMPLATES + MORE) * 4
