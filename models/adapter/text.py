"""The text tower of a model that was trained together with text: CLIP, SigLIP and their kin."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from heedmap.errors import ModelError, SettingError, short
from heedmap.languages import Phrase
from heedmap.models.adapter.evaluation import evaluating
from heedmap.models.capabilities import Can
from torch import nn

VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model")  # files, any of which holds one
WORD = re.compile(r"[\u3400-\u9fff]|[^\W_]+(?:['’][^\W_]+)*|[^\w\s]")  # Han characters are words
MARKS = re.compile(r"^[Ġ▁]|</w>$")  # what a vocabulary writes for a space

Tokenizer = Callable[..., Any]


@dataclass(frozen=True)
class Tokens:
    """A text as the tower reads it.

    Attributes:
        inputs: what the tower is called with, each (1, tokens).
        words: the words of the text, punctuation marks among them.
        places: for each word the tokens that it is made of.
    """

    inputs: dict[str, torch.Tensor]
    words: tuple[str, ...]
    places: tuple[tuple[int, ...], ...]


class Words:
    """A tokenizer, loaded when it is first asked for and used by one thread at a time."""

    def __init__(
        self,
        title: str,
        load: Callable[[], Tokenizer],
        taught: Iterable[str] = (),
        neutral: str = "a photo",
    ) -> None:
        self._title, self._load, self.neutral = title, load, neutral
        self._taught = {word for name in taught for word in words_of(name.lower())}
        self._lock = threading.RLock()

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The words that are one token of the vocabulary, or of a label that was taught, sorted."""
        with self._lock:
            found = (MARKS.sub("", piece) for piece in self.tokenizer.get_vocab())
            words = sorted({word for word in found if WORD.fullmatch(word) and word.isalpha()})
            pieces = self.tokenizer(words, add_special_tokens=False)["input_ids"]
        whole = {word for word, ids in zip(words, pieces, strict=True) if len(ids) == 1}
        return tuple(sorted(whole | self._taught))

    def unknown(self, text: str) -> tuple[str, ...]:
        """The words of a text that are not among `known`, in its order."""
        words = dict.fromkeys(word for word in words_of(text) if word[0].isalpha())
        return tuple(w for w in words if w not in self.known and w.lower() not in self.known)

    def call(self, texts: list[str], longest: int, whole: bool) -> Any:
        """What the tokenizer returns for texts, their tokens as tensors.

        Args:
            texts: one or more.
            longest: tokens that the tower takes.
            whole: whether each is filled up to that many, as SigLIP was trained.

        Raises:
            SettingError: a text that is longer.
        """
        with self._lock:
            lengths = [len(ids) for ids in self.tokenizer(texts, truncation=False)["input_ids"]]
            for text, length in zip(texts, lengths, strict=True):
                if length > longest:
                    raise SettingError(
                        "{text} is {length} tokens long, and {title} reads {longest} at most: "
                        "shorten it.",
                        text=short(text),
                        length=length,
                        title=self._title,
                        longest=longest,
                    )
            padding = {"padding": "max_length", "max_length": longest} if whole else {}
            return self.tokenizer(
                texts,
                **(padding or {"padding": True}),
                return_tensors="pt",
                return_offsets_mapping=True,
            )

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer itself."""
        try:
            return self._load()
        except Exception as error:  # any error of a library
            first = str(error).strip().split("\n", 1)[0][:120] or type(error).__name__
            raise ModelError(
                "The tokenizer of {title} cannot be loaded ({first}), so it reads no texts: choose "
                "a checkpoint that has one, or pass one to models.wrap as tokenizer=...",
                title=self._title,
                first=first,
            ) from error


@dataclass(frozen=True)
class Reading:
    """What a model needs to read texts, besides the module that photos run through.

    Attributes:
        words: the tokenizer; None for a model that reads none.
        apart: loads the text tower where that is another module, when the first text is read.
        why: why it reads none, where it was trained together with text.
    """

    words: Words | None = None
    apart: Callable[[], Any] | None = None
    why: str = Phrase("timm keeps the image tower alone")


@dataclass(frozen=True)
class TextTower:
    """Reads texts into the space that a model shares between photos and texts.

    Attributes:
        image: the module that photos run through.
        words: its tokenizer.
        apart: loads the module that texts run through, where that is another one.
    """

    image: Any
    words: Words
    apart: Callable[[], Any] | None = None

    @cached_property
    def module(self) -> Any:
        """A model of Transformers with `get_text_features`.

        Raises:
            ModelError: one that is loaded apart, and cannot be.
        """
        return self.apart() if self.apart else self.image

    @property
    def depth(self) -> int:
        """Layers of attention."""
        return int(self.module.config.text_config.num_hidden_layers)

    @property
    def longest(self) -> int:
        """Tokens that the tower takes at most."""
        return int(self.module.config.text_config.max_position_embeddings)

    @property
    def neutral(self) -> str:
        """A text that says nothing of what is on a photo."""
        return self.words.neutral

    def encode(self, texts: Sequence[str]) -> torch.Tensor:
        """(n, dim) float32 of length 1, on the CPU; see `Adapter.encode_text`."""
        found = self.words.call(checked(texts), self.longest, self._filled)
        with evaluating(self.module), torch.inference_mode():
            features = self.features(self._inputs(found))
        return nn.functional.normalize(features, dim=1).cpu().clone()

    def tokens(self, text: str) -> Tokens:
        """A text as the tower reads it, and which token belongs to which word."""
        found = self.words.call(checked([text]), self.longest, self._filled)
        spans = [tuple(span) for span in found["offset_mapping"][0].tolist()]
        words = list(WORD.finditer(text))
        places = tuple(
            tuple(
                place
                for place, (begin, end) in enumerate(spans)
                if end > begin and word.start() < end <= word.end()
            )
            for word in words
        )
        return Tokens(self._inputs(found), tuple(word.group() for word in words), places)

    def features(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """What the tower makes of tokens, in the shared space: (n, dim) float32."""
        output = self.module.get_text_features(**inputs)
        features: torch.Tensor = getattr(output, "pooler_output", output)
        return features.float()

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        """Features of photos (..., hidden) in the shared space: (..., dim) float32."""
        projection = getattr(self.image, "visual_projection", None)
        if projection is None:  # the head of SigLIP, and of timm, puts out what is compared
            return features.float()
        weight = projection.weight.detach()
        embedded: torch.Tensor = nn.functional.linear(features.to(weight.dtype), weight)
        return embedded.float()

    def logits(self, cosines: torch.Tensor) -> torch.Tensor:
        """What the model makes of cosines: scaled as it has learned, and SigLIP's bias added."""
        bias = getattr(self.module, "logit_bias", None)
        scaled: torch.Tensor = cosines * self.module.logit_scale.detach().float().exp().cpu()
        return scaled if bias is None else scaled + bias.detach().float().cpu()

    @property
    def _filled(self) -> bool:
        return "siglip" in str(self.module.config.model_type)

    def _inputs(self, found: Any) -> dict[str, torch.Tensor]:
        taken = ("input_ids", "attention_mask", "token_type_ids")
        device = next(self.module.parameters()).device
        return {
            name: found[name].to(device)
            for name in taken
            if name in found and (name != "token_type_ids" or self._typed)
        }

    @property
    def _typed(self) -> bool:
        return "token_type_ids" in self.module.get_text_features.__code__.co_varnames


def words_of(text: str) -> list[str]:
    """The words of a text, punctuation marks among them; each Han character is a word."""
    return WORD.findall(text)


def checked(texts: Any) -> list[str]:
    """Texts as a list.

    Raises:
        SettingError: not a list of texts, or a text without a word.
    """
    found = list(texts) if isinstance(texts, list | tuple) else []
    if not found:
        raise SettingError(
            "{texts} is no list of texts: give ['a photo of a cat'].", texts=short(texts)
        )
    for text in found:
        if not isinstance(text, str) or not words_of(text):
            raise SettingError("{text} is no text: write a word.", text=short(text))
    return found


def no_text(title: str, can: Can, why: str) -> str:
    """Why a model cannot read texts, as a sentence."""
    if "contrastive" in can:
        return Phrase(
            "{title} has no text tower here: {why}: choose a CLIP or SigLIP of Transformers, such "
            "as bundled-clip.",
            title=title,
            why=why,
        )
    return Phrase(
        "{title} has no text tower: choose a CLIP or SigLIP of Transformers, such as bundled-clip.",
        title=title,
    )


def words_for(module: Any, title: str, tokenizer: Any = None) -> Words | None:
    """The tokenizer of a model: what is given, else what lies beside its weights; None for a model
    that has no text tower."""
    if not hasattr(module, "get_text_features") or not hasattr(module.config, "text_config"):
        return None
    taught = getattr(module.config, "label_names", None) or ()
    neutral = "一张图片" if module.config.model_type == "chinese_clip" else "a photo"
    if tokenizer is not None:
        return Words(title, lambda: tokenizer, taught, neutral)
    return Words(title, lambda: beside(str(module.config._name_or_path)), taught, neutral)


def beside(folder: str) -> Any:
    """The tokenizer in a folder; the hub is not asked."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    if not folder:
        raise FileNotFoundError("the module was not loaded from a folder")
    if not any(next(Path(folder).glob(name), None) for name in VOCABULARIES):
        raise FileNotFoundError("there is none")  # Transformers would make an empty one
    how = {"local_files_only": True, "trust_remote_code": False}
    try:
        return AutoTokenizer.from_pretrained(folder, **how)
    except Exception:  # SigLIP's asks for sentencepiece, which its tokenizer.json needs not
        return PreTrainedTokenizerFast.from_pretrained(folder, **how)
