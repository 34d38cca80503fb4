"""What a language model guesses: the words behind its masks, or the next one."""

from __future__ import annotations

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
        place: the number of the masked token; N for the one that comes next.
        tokens: the most probable ones first, as the tokenizer cuts words.
        shares: their probabilities.
    """

    place: int
    tokens: tuple[str, ...]
    shares: tuple[float, ...]


def guess_words(adapter: Adapter, x: Encoded, most: int = 5) -> tuple[Guess, ...]:
    """What a model fills into each mask of a text, or puts behind it.

    Args:
        adapter: a language model.
        x: what `adapter.encode` returned.
        most: how many tokens are named at each place.

    Returns:
        A `Guess` for each mask; for a decoder one, of the next token. None for a model that
        guesses no words, or a text without a mask.

    Raises:
        SettingError: no language model.
        CaptureError: a model that fails on this text.
    """
    model = reader(adapter)
    masks = [place for place, kind in enumerate(x.kinds) if kind == "mask"]
    if not model.fills or (model.fills == "masked" and not masks):
        return ()
    logits = model.read(x, whole=True).logits[0]  # (N, vocabulary); of a decoder the last alone
    rows = {len(x): logits[-1]} if model.fills == "next" else {at: logits[at] for at in masks}
    return tuple(_best(model, row, place, most) for place, row in rows.items())


def _best(model: TextAdapter, logits: torch.Tensor, place: int, most: int) -> Guess:
    shares, ids = logits.float().softmax(-1).topk(most)
    return Guess(place, tuple(model.shown(ids.tolist())), tuple(shares.tolist()))
