"""What a language model guesses: the words behind its masks, or the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from heedmap.viz.capture.text import reader

if TYPE_CHECKING:
    from heedmap.models import Adapter, Encoded, TextAdapter


@dataclass(frozen=True)
class Guess:
    """What stands at one place of a text.

    Attributes:
        place: the number of the token; N for one that comes behind the text.
        tokens: the most probable ones first, as the tokenizer cuts words.
        ids: their places in the vocabulary.
        shares: their probabilities.
    """

    place: int
    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    shares: tuple[float, ...]


def guess_words(
    adapter: Adapter, x: Encoded, most: int = 5, places: Sequence[int] | None = None
) -> tuple[Guess, ...]:
    """What a model fills into the masks of a text, or puts behind it.

    Args:
        adapter: a language model.
        x: what `adapter.encode` returned.
        most: how many tokens are named at each place.
        places: numbers of tokens, each guessed as it stands there, by a decoder what comes behind
            it; by default all masks, of a decoder the last token.

    Returns:
        A `Guess` for each place; none for a model that guesses no words.

    Raises:
        SettingError: no language model.
        CaptureError: a model that fails on this text.
    """
    model = reader(adapter)
    if not model.fills:
        return ()
    asked = _places(model, x) if places is None else list(places)
    if not asked:
        return ()
    behind = int(model.fills == "next")
    rows = model.logits(x, asked)[0]
    return tuple(
        _best(model, row, place + behind, most) for place, row in zip(asked, rows, strict=True)
    )


def _places(model: TextAdapter, x: Encoded) -> list[int]:
    """The masks; of a decoder the last token that is no padding."""
    if model.fills == "next":
        return [sum(kind != "pad" for kind in x.kinds) - 1]
    return [place for place, kind in enumerate(x.kinds) if kind == "mask"]


def _best(model: TextAdapter, logits: torch.Tensor, place: int, most: int) -> Guess:
    shares, ids = logits.softmax(-1).topk(min(most, len(logits)))
    names, found = model.shown(ids.tolist()), ids.tolist()
    return Guess(place, tuple(names), tuple(found), tuple(shares.tolist()))
