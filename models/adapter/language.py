"""A language model behind one small interface: cut a text into tokens, run the model on them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from heedmap.errors import CaptureError, ModelError, SettingError, short
from heedmap.languages import Phrase
from heedmap.models.adapter import pieces
from heedmap.models.adapter.adapter import FAILURES, Adapter
from heedmap.models.adapter.evaluation import evaluating
from heedmap.models.families.language import Language, no_photos
from heedmap.models.prepare import Photo, Prepared
from torch import nn

LETTERS = 100_000  # of a text, at most
EMPTY = Phrase("The text is empty: write a sentence.")
EMPTY_PAIR = Phrase("The second text is empty: write a sentence.")


@dataclass(frozen=True)
class Encoded:
    """A text, or a pair of texts, as a model reads it.

    Attributes:
        inputs: what the model is called with, each (1, N) int64.
        tokens: (N,) texts, as the tokenizer cuts them; see `pieces.shown`.
        kinds: (N,) what each token is: "cls", "sep", "mask", "pad", "special", "punctuation" or
            "word".
        parts: (N,) 0 for a token of the first text, 1 of the second, -1 of neither.
    """

    inputs: dict[str, torch.Tensor]
    tokens: tuple[str, ...]
    kinds: tuple[str, ...]
    parts: tuple[int, ...]

    def __len__(self) -> int:
        """N."""
        return len(self.tokens)

    @property
    def ids(self) -> list[int]:
        """(N,) places in the vocabulary."""
        found: list[int] = self.inputs["input_ids"][0].tolist()
        return found


class TextAdapter(Adapter):
    """A language model that Heedmap can look into: it takes texts and no photos.

    Attributes:
        tokenizer: cuts texts into tokens; None for a model without weights.
        longest: tokens that it takes at most.
        fills: "masked" where it guesses masked words, "next" where it guesses the next one, else
            "".
        mask: the token that stands for a hidden word, "" where it has none.
    """

    _gradients: Any = staticmethod(torch.inference_mode)  # what its passes run in

    def __init__(self, module: nn.Module, id: str, title: str, tokenizer: Any) -> None:
        family = Language(module)
        super().__init__(family, module, id, title, family.preprocessing, None)
        self.tokenizer = tokenizer
        own = int(getattr(tokenizer, "model_max_length", None) or family.longest)
        self.longest = min(family.longest, own)
        self.fills = family.fills
        mask = getattr(tokenizer, "mask_token", None) if self.fills == "masked" else None
        self.mask = str(mask or "")
        config: Any = module.config
        self._filled = "siglip" in str(config.model_type)  # it was trained on full texts

    def __repr__(self) -> str:
        return f"TextAdapter({self.id!r}, depth={self.depth}, heads={self.heads})"

    @property
    def conv_layers(self) -> tuple[str, ...]:
        """None: it has no convolutions that make maps."""
        return ()

    def prepare(self, photo: Photo, size: int | None = None, fit: str = "whole") -> Prepared:
        """It takes no photos.

        Raises:
            ModelError: always.
        """
        raise no_photos(self.title)

    def encode(self, text: str, pair: str | None = None, length: int | None = None) -> Encoded:
        """Cut a text into tokens.

        Args:
            text: what is read. [MASK] in it stands for the model's own masked token.
            pair: a second text behind it.
            length: tokens to fill it up to, as a batch of texts is; not at all by default. The
                text towers of SigLIP always read `longest` tokens, as they were trained.

        Raises:
            SettingError: no text, an empty one, one that is longer than the model reads, or a
                `length` that does not fit.
        """
        texts = [_checked(text), *([] if pair is None else [_checked(pair, EMPTY_PAIR)])]
        texts = [each.replace(pieces.MASK, self.mask or pieces.MASK) for each in texts]
        with self.lock:
            found = self.tokenizer(*texts, truncation=False, padding=False, verbose=False)
        ids = list(found["input_ids"])
        wanted = self.longest if self._filled else len(ids) if length is None else length
        self._check_length(len(ids), wanted)
        pads = wanted - len(ids)
        ids += [self._pad] * pads
        shown = self.shown(ids)
        kinds = pieces.kinds(self.tokenizer, ids, shown, pads)
        if not {"word", "punctuation", "mask"} & set(kinds):
            raise SettingError(
                "The tokenizer of {title} finds nothing to read in {text}: write a word.",
                title=self.title,
                text=short(text),
            )
        return Encoded(self._inputs(found, ids, pads), tuple(shown), tuple(kinds),
                       _parts(found, len(ids)))  # fmt: skip

    def shown(self, ids: Sequence[int]) -> list[str]:
        """Tokens of the vocabulary as they are shown."""
        return pieces.shown(self.tokenizer, ids)

    def masked(self, x: Encoded, place: int) -> Encoded:
        """The same tokens with the masked token at one place.

        Raises:
            SettingError: a model without a masked token.
        """
        if not self.mask:
            raise SettingError(
                "{title} has no masked token, so no word can be hidden from it: choose a "
                "masked language model, such as bundled-bert.",
                title=self.title,
            )
        ids = x.inputs["input_ids"].clone()
        ids[:, place] = self.tokenizer.mask_token_id
        tokens, kinds = list(x.tokens), list(x.kinds)
        tokens[place], kinds[place] = self.mask, "mask"
        return replace(
            x, inputs={**x.inputs, "input_ids": ids}, tokens=tuple(tokens), kinds=tuple(kinds)
        )

    def read(self, x: Encoded) -> Any:
        """Run the model without its head, as in evaluation and without gradients.

        Args:
            x: what `encode` returned; its inputs may be a batch, (b, N).

        Raises:
            CaptureError: a model that fails on them.
        """
        return self._call(self.module.base_model, x)

    def logits(self, x: Encoded, places: Sequence[int]) -> torch.Tensor:
        """What it guesses at some places, or, a decoder, behind them: (b, places, vocabulary).

        Raises:
            CaptureError: as `read`.
        """
        rows = torch.tensor(list(places))
        found: torch.Tensor = self._call(self.module, x, logits_to_keep=rows).logits
        alone = "logits_to_keep" in inspect.signature(self.module.forward).parameters
        return (found if alone else found[:, rows]).float()

    def _call(self, module: Any, x: Encoded, **more: Any) -> Any:
        taken = inspect.signature(module.forward).parameters
        given: dict[str, Any] = {"use_cache": False, **x.inputs, **more}
        given = {
            name: value.to(self.device) if isinstance(value, torch.Tensor) else value
            for name, value in given.items()
            if name in taken
        }
        try:
            with evaluating(self.module), self._gradients():
                return module(**given)
        except torch.OutOfMemoryError:
            raise
        except FAILURES as error:
            first = str(error).strip().split("\n", 1)[0][:200]
            raise CaptureError(
                "{title} failed on a text of {x} tokens ({first}): shorten it, or choose "
                "another model.",
                title=self.title,
                x=len(x),
                first=first,
            ) from error

    @property
    def _pad(self) -> int:
        found = self.tokenizer.pad_token_id
        return int(self.tokenizer.eos_token_id or 0) if found is None else int(found)

    def _check_length(self, count: int, wanted: int) -> None:
        if count > self.longest:
            raise SettingError(
                "This text is {count:,} tokens long and {title} reads {longest:,} at most: "
                "shorten it.",
                count=count,
                title=self.title,
                longest=self.longest,
            )
        if not count <= wanted <= self.longest:
            raise SettingError(
                "length={wanted} does not fit a text of {count} tokens: choose {count} to "
                "{longest}.",
                wanted=wanted,
                count=count,
                longest=self.longest,
            )

    def _inputs(self, found: Any, ids: list[int], pads: int) -> dict[str, torch.Tensor]:
        said: dict[str, list[int]] = {"input_ids": ids}
        if not self._filled:  # its padding is read as the text is
            said["attention_mask"] = [1] * (len(ids) - pads) + [0] * pads
        if "token_type_ids" in found:
            said["token_type_ids"] = [*found["token_type_ids"], *[0] * pads]
        return {name: torch.tensor([row]) for name, row in said.items()}


def check_tokenizer(tokenizer: Any, name: str) -> None:
    """Raise a ModelError for a language model without a tokenizer of Transformers."""
    if not hasattr(tokenizer, "convert_ids_to_tokens"):
        told = "" if tokenizer is None else f", and {short(tokenizer)} is none"
        raise ModelError(
            "{name} reads text{told}: give its tokenizer of Transformers, models.wrap(module, "
            "tokenizer=tokenizer).",
            name=name,
            told=told,
        )


def _checked(text: Any, empty: str = EMPTY) -> str:
    if not isinstance(text, str):
        raise SettingError("{text} is not a text: give a str.", text=short(text))
    if not text.strip():
        raise SettingError(empty)
    if len(text) > LETTERS:
        raise SettingError(
            "This text has {text:,} characters and {letters:,} can be read: shorten it.",
            text=len(text),
            letters=LETTERS,
        )
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SettingError("The text holds half of a character (a lone surrogate): leave it out.")
    return text


def _parts(found: Any, count: int) -> tuple[int, ...]:
    """Which of the texts each token is of; -1 where the tokenizer does not tell."""
    try:
        said = [-1 if part is None else int(part) for part in found.sequence_ids(0)]
    except (ValueError, AttributeError):
        said = []
    return (*said, *[-1] * (count - len(said)))
