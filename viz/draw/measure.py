"""How wide text is, in inches, and text made to fit a width."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from heedmap.viz.draw.fonts import FAMILY
from heedmap.viz.draw.letters import others, readable
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

_HINTED = 1.05  # on a coarse grid of pixels, letters are that much wider


def points(size: float) -> float:
    """Type size in inches."""
    return size / 72


@lru_cache(maxsize=4096)
def width_of(text: str, size: float, weight: str = "normal") -> float:
    """How wide a text is."""
    font = FontProperties(family=[FAMILY, *others(text)], size=size, weight=weight)
    told = readable(text)
    return points(text_to_path.get_text_width_height_descent(told, font, ismath=False)[0])


def cut(text: str, size: float, inches: float) -> str:
    """A text that fits a width: its end becomes "…" where it is too long."""
    if width_of(text, size) <= inches:
        return text
    while text and width_of(f"{text}…", size) > inches:
        text = text[:-1]
    return f"{text}…"


def wrapped(text: str, inches: float, size: float, weight: str = "normal") -> str:
    """Text broken into lines that fit a width, between words where that is possible."""
    room = inches / _HINTED
    lines = (line for part in text.splitlines() for line in _lines(part, room, size, weight))
    return "\n".join(lines)


def _lines(text: str, inches: float, size: float, weight: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width_of(longer, size, weight) <= inches:
            line = longer
            continue
        if line:
            yield line
        *full, line = _pieces(word, inches, size, weight)
        yield from full
    yield line


def _pieces(word: str, inches: float, size: float, weight: str) -> Iterator[str]:
    """A word, cut where it is wider than a line; at least a letter a line."""
    start = 0
    for end in range(1, len(word) + 1):
        if end - start > 1 and width_of(word[start:end], size, weight) > inches:
            yield word[start : end - 1]
            start = end - 1
    yield word[start:]
