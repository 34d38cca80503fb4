"""A text whose tokens are shaded by numbers, and lines between its tokens, as Matplotlib figures.

figure = text_figure(found.tokens, {"What “cat” attends to": values[2]})
figure = lines_figure(found.tokens, values)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from heedmap.errors import SettingError
from heedmap.viz.draw.layout import CAPTION, LINE, MARGIN, SMALL, TITLE, WIDTH
from heedmap.viz.draw.measure import cut, points, width_of, wrapped
from heedmap.viz.draw.sheet import GREY, INK, Colour, Sheet
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

FLOWS = ("#5b45e0", "#d9772b", "#2a9d8f")  # one after the other
FAINT = 0.02  # a share below which no number and no line is drawn
MOST_LINES = 240
MOST_TOKENS = 128  # of lines between two columns

_TOKEN = 8.0  # points
_PERCENT = 6.0
_FULLEST = 0.78  # opacity of the largest share
_CHIP, _BELOW, _GAP = 0.155, 0.1, 0.05  # inches: a token, its number, and between lines
_STRIP = 0.62  # inches, the colour bar of a flow
_ROW = 0.14  # inches, a token of a column


def text_figure(
    tokens: Sequence[str],
    flows: Mapping[str, np.ndarray],
    title: str = "",
    footer: str = "",
    *,
    width: float = WIDTH,
    bar: bool = True,
    transparent: bool = False,
) -> Figure:
    """A text shaded by the share of each token, once for each heading, all on one scale.

    Args:
        tokens: of the text, "·" for a space before one.
        flows: {heading: (N,) shares, 0 to 1}; those of 2% and more are also written.
        title: above all.
        footer: a small line below.
        width: of the figure in inches; its height follows.
        bar: whether each heading has a colour bar with its numbers.
        transparent: whether there is no ground.

    Raises:
        SettingError: no tokens, no flow, or numbers that do not fit the tokens.
    """
    shares = {name: _shares(each, (len(tokens),)) for name, each in flows.items()}
    if not tokens or not shares:
        raise SettingError("A figure of a text has tokens and at least one row of shares.")
    most = max(float(each.max()) for each in shares.values())
    sheet, y = Sheet(width), MARGIN
    y = _line(sheet, y, title, TITLE, weight="bold")
    for colour, (heading, each) in zip(_colours(len(shares)), shares.items(), strict=True):
        y = _heading(sheet, y, heading, most if bar else None, colour)
        y = _flow(sheet, y, tokens, each, most, colour)
    y = _line(sheet, y + 0.02, footer, SMALL, color=GREY)
    return sheet.figure(y + MARGIN, transparent)


def lines_figure(
    tokens: Sequence[str],
    values: np.ndarray,
    at: int | None = None,
    title: str = "",
    footer: str = "",
    *,
    width: float = WIDTH,
    transparent: bool = False,
) -> Figure:
    """Queries on the left, keys on the right, and lines between, the thicker the more attention.

    Args:
        tokens: of the text.
        values: (N, N) shares, 0 to 1, row = query.
        at: a token: then only its lines as a query, and in another colour those as a key.
        title: above all.
        footer: a small line below.
        width: of the figure in inches; its height follows.
        transparent: whether there is no ground.

    Raises:
        SettingError: no tokens, more than 128, or numbers that do not fit them.
    """
    count = len(tokens)
    if not 0 < count <= MOST_TOKENS:
        raise SettingError(
            f"Lines between {count} tokens cannot be drawn, only between 1 and {MOST_TOKENS}: "
            "draw the matrix."
        )
    shares = _shares(values, (count, count))
    sheet = Sheet(width)
    y = _line(sheet, MARGIN, title, TITLE, weight="bold")
    room = (width - 2 * MARGIN) / 3
    left, right = width / 2 - room / 2, width / 2 + room / 2
    for x, name, side in ((left, "Query", "right"), (right, "Key", "left")):
        sheet.text(x, y, name, ha=side, weight="bold")
    y += points(CAPTION) * LINE + 0.04
    middle = y + _ROW * (np.arange(count) + 0.5)
    for place, token in zip(middle, tokens, strict=True):
        name = cut(token, _TOKEN, room - 0.08)
        style = {"size": _TOKEN, "va": "center_baseline"}
        sheet.text(left - 0.05, place, name, ha="right", **style)
        sheet.text(right + 0.05, place, name, ha="left", **style)
    _draw_lines(sheet, (left, right), middle, *_strongest(shares, at))
    y = _line(sheet, y + count * _ROW + 0.06, footer, SMALL, color=GREY)
    return sheet.figure(y + MARGIN, transparent)


def _shares(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    found = np.asarray(values, np.float32)
    if found.shape != shape or not np.isfinite(found).all():
        raise SettingError(
            f"Shares of shape {found.shape} do not fit {shape[0]} tokens: give finite numbers of "
            f"shape {shape}."
        )
    return found


def _line(sheet: Sheet, y: float, text: str, size: float, **style: Any) -> float:
    """Write a text over the width; return where it ends."""
    lines = wrapped(text, sheet.width - 2 * MARGIN, size, style.get("weight", "normal"))
    sheet.text(MARGIN, y, lines, size=size, **style)
    return y + (lines.count("\n") + 1) * points(size) * LINE + 0.05 if text else y


def _colours(count: int) -> list[str]:
    return [FLOWS[at % len(FLOWS)] for at in range(count)]


def _heading(sheet: Sheet, y: float, text: str, most: float | None, colour: str) -> float:
    """A heading, and at its end a colour bar up to `most`."""
    room = sheet.width - 2 * MARGIN - (0 if most is None else _STRIP + 0.65)
    lines = wrapped(text, room, CAPTION, "bold")
    sheet.text(MARGIN, y, lines, weight="bold")
    if most is not None:
        end = f"{100 * most:.3g}%"
        style = {"size": SMALL, "color": GREY}
        x = sheet.width - MARGIN - width_of(end, SMALL)
        sheet.text(x, y, end, **style)
        sheet.text(x - _STRIP - 0.12, y, "0", ha="center", **style)
        strip = np.array([_faded(colour, share) for share in np.linspace(0, 1, 64)])
        sheet.strip(x - _STRIP - 0.04, y + 0.02, _STRIP, 0.07, strip)
    return y + (lines.count("\n") + 1) * points(CAPTION) * LINE + 0.06


def _flow(
    sheet: Sheet, y: float, tokens: Sequence[str], shares: np.ndarray, most: float, colour: str
) -> float:
    """The text, broken into lines that fit; return where it ends."""
    x, right = MARGIN, sheet.width - MARGIN
    for token, share in zip(tokens, shares, strict=True):
        name = cut(token, _TOKEN, right - MARGIN - 0.1)
        number = f"{round(100 * float(share))}%" if share >= FAINT else ""
        size = max(0.13, width_of(name, _TOKEN) + 0.08, width_of(number, _PERCENT) + 0.04)
        if x + size > right and x > MARGIN:
            x, y = MARGIN, y + _CHIP + _BELOW + _GAP
        _chip(sheet, x, y, size, name, number, _faded(colour, float(share) / (most or 1)))
        x += size + 0.025
    return y + _CHIP + _BELOW + _GAP + 0.06


def _chip(
    sheet: Sheet, x: float, y: float, size: float, name: str, number: str, colour: Colour
) -> None:
    """A token on its shade, its number below."""
    sheet.box(x, y, size, _CHIP, colour)
    ink = "white" if colour[3] > 0.62 else INK
    style = {"ha": "center", "color": ink}
    sheet.text(x + size / 2, y + _CHIP / 2, name, size=_TOKEN, va="center_baseline", **style)
    sheet.text(x + size / 2, y + _CHIP + 0.015, number, size=_PERCENT, ha="center", color=GREY)


def _faded(colour: str, share: float) -> Colour:
    red, green, blue = to_rgb(colour)
    return red, green, blue, _FULLEST * min(1.0, max(0.0, share))


def _strongest(shares: np.ndarray, at: int | None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Pairs (n, 2) of query and key, the strongest last, their shares, and their colours."""
    count = len(shares)
    if at is None:
        pairs = np.array(list(np.ndindex(count, count)))
        colours = [FLOWS[0]] * len(pairs)
    else:
        pairs = np.array([*((at, key) for key in range(count)), *((q, at) for q in range(count))])
        colours = [FLOWS[0]] * count + [FLOWS[1]] * count
    found = shares[pairs[:, 0], pairs[:, 1]]
    kept = [each for each in np.argsort(found, kind="stable") if found[each] >= FAINT]
    kept = kept[-MOST_LINES:]
    return pairs[kept], found[kept], [colours[each] for each in kept]


def _draw_lines(
    sheet: Sheet,
    sides: tuple[float, float],
    middle: np.ndarray,
    pairs: np.ndarray,
    shares: np.ndarray,
    colours: Sequence[str],
) -> None:
    ends = np.stack([
        np.stack([np.full(len(pairs), side), middle[pairs[:, column]]], axis=-1)
        for column, side in enumerate(sides)
    ], axis=1)  # (n, 2, 2)  # fmt: skip
    faded = [(*to_rgb(colour), min(1.0, 0.16 + float(share)))
             for colour, share in zip(colours, shares, strict=True)]  # fmt: skip
    sheet.lines(ends, faded, [0.5 + 2.2 * float(share) for share in shares])
