"""A text whose tokens are shaded by a number each, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from heedmap.languages import number

WORDS = ("word", "punctuation")  # kinds of tokens that set the scale
TOLD = 3  # tenths of the greatest from which on the number itself is shown


def shaded(
    tokens: Sequence[str],
    kinds: Sequence[str],
    values: np.ndarray,
    at: int | None = None,
    digits: str = ".2g",
) -> str:
    """The tokens of a text, the greatest of its words in full; below 0 in another colour.

    Args:
        tokens: (N,).
        kinds: (N,), see `Encoded`.
        values: (N,) float; special tokens, and the one that is marked, do not set the scale.
        at: the number of a token that is marked.
        digits: the format of a value.
    """
    words = [place for place, kind in enumerate(kinds) if kind in WORDS and place != at]
    most = float(np.abs(values[words]).max()) if words else 0.0
    chips = (
        _chip(token, kind, float(value), most, place == at, digits)
        for place, (token, kind, value) in enumerate(zip(tokens, kinds, values, strict=True))
    )
    return f'<p class="shaded" dir="auto">{"".join(chips)}</p>'


def _chip(token: str, kind: str, value: float, most: float, marked: bool, digits: str) -> str:
    tenths = min(10, round(10 * abs(value) / most)) if most else 0
    written = number(value, digits)
    names = f"{'less' if value < 0 else 'more'} s{tenths}{' at' if marked else ''}"
    told = written if tenths >= TOLD else ""
    kind = "" if kind in WORDS else ' class="special"'
    return (
        f'<span class="{names}" title="{written}"><bdi{kind}>{escape(token)}</bdi>'
        f"<small>{told}</small></span>"
    )
