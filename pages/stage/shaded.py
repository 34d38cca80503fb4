"""A text whose tokens are shaded by a number each, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

WORDS = ("word", "punctuation")  # kinds of tokens that set the scale
TOLD = 3  # tenths of the greatest from which on the number itself is shown


def shaded(
    tokens: Sequence[str],
    kinds: Sequence[str],
    values: np.ndarray,
    at: int | None = None,
    number: str = ".2g",
) -> str:
    """The tokens of a text, the greatest of its words in full; below 0 in another colour.

    Args:
        tokens: (N,).
        kinds: (N,), see `Encoded`.
        values: (N,) float; special tokens, and the one that is marked, do not set the scale.
        at: the number of a token that is marked.
        number: how a value is written.
    """
    words = [place for place, kind in enumerate(kinds) if kind in WORDS and place != at]
    most = float(np.abs(values[words]).max()) if words else 0.0
    chips = (
        _chip(token, kind, float(value), most, place == at, number)
        for place, (token, kind, value) in enumerate(zip(tokens, kinds, values, strict=True))
    )
    return f'<p class="shaded" dir="auto">{"".join(chips)}</p>'


def _chip(token: str, kind: str, value: float, most: float, marked: bool, format: str) -> str:
    tenths = min(10, round(10 * abs(value) / most)) if most else 0
    number = f"{value:{format}}".replace("-", "−")
    names = f"{'less' if value < 0 else 'more'} s{tenths}{' at' if marked else ''}"
    told = number if tenths >= TOLD else ""
    kind = "" if kind in WORDS else ' class="special"'
    return (
        f'<span class="{names}" title="{number}"><bdi{kind}>{escape(token)}</bdi>'
        f"<small>{told}</small></span>"
    )
