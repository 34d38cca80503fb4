"""An attention matrix as a Matplotlib figure, ready for a paper; see figure.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from heedmap.viz.draw.colours import check_colormap
from heedmap.viz.draw.fonts import FAMILY
from heedmap.viz.draw.layout import CAPTION, LINE, MARGIN, SMALL, TITLE, WIDTH
from heedmap.viz.draw.measure import cut, points, width_of, wrapped
from heedmap.viz.draw.sheet import GREY
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

Box: TypeAlias = tuple[float, float, float, float]

_WIDER = 6  # a token that is no patch, in sides of a patch
_GAP = 2  # between these and the patches
_TICKS = 8  # named rows of patches, at most
_BRIGHT = 99.5  # percentile at the upper end of the colour bar: a few sinks outshine all others
_LONGEST = 0.9  # inches, of the name of a token
_BAR = 0.62  # inches, the colour bar with its numbers


class Matrix(Protocol):
    """What `viz.attention_matrix` gives."""

    @property
    def values(self) -> np.ndarray:
        """(tokens, tokens) float32, row = query."""

    @property
    def labels(self) -> Sequence[str]:
        """What each token is."""

    @property
    def places(self) -> Sequence[tuple[int, int] | None]:
        """For each token (row, col) of its patch; None for one that is no patch."""


@dataclass(frozen=True)
class TokenMatrix:
    """Numbers between the tokens of a text, for `matrix_figure`.

    Attributes:
        labels: (N,) the tokens.
        values: (N, N) float32, row = query.
    """

    labels: Sequence[str]
    values: np.ndarray

    @property
    def places(self) -> Sequence[None]:
        """No token is a patch."""
        return [None] * len(self.labels)


def upper_end(values: np.ndarray) -> float:
    """The value at the upper end of a matrix's colour bar; what is above has its colour."""
    return float(np.percentile(values, _BRIGHT)) or float(values.max())


def matrix_figure(
    matrix: Matrix,
    title: str = "",
    footer: str = "",
    colormap: str = "viridis",
    *,
    width: float = WIDTH,
    bar: bool = True,
    transparent: bool = False,
    signed: bool = False,
) -> Figure:
    """A matrix with axes and a colour bar; tokens that are no patches are wider, and apart.

    Args:
        matrix: from `viz.attention_matrix`.
        title: above the matrix.
        footer: a small line below.
        colormap: a name of `viz.COLORMAPS`.
        width: of the figure in inches; its height follows.
        bar: whether there is a colour bar with numbers.
        transparent: whether there is no ground.
        signed: whether zero is in the middle of the colours, as of a difference.

    Raises:
        SettingError: an unknown colour map.
    """
    check_colormap(colormap)
    title = wrapped(title, width - 2 * MARGIN, TITLE, "bold")
    footer = wrapped(footer, width - 2 * MARGIN, SMALL)
    at, names = _ticks(matrix)
    names = [cut(name, SMALL, _LONGEST) for name in names]
    label = max(width_of(name, SMALL) for name in names)
    left = MARGIN + points(CAPTION) * LINE + label + 0.08
    side = width - left - (_BAR if bar else MARGIN)
    place = _Place(width, left, left + _tall(title, TITLE), side, _tall(footer, SMALL))
    figure = Figure(figsize=(width, place.height), facecolor="none" if transparent else "white")
    axes = figure.add_axes(place.box(left, place.top, place.side, place.side))
    _draw(axes, matrix, colormap, signed)
    _name(axes, at, names, place.side)
    if bar:
        _draw_bar(figure, axes, place, signed)
    _write(figure, place, title, footer)
    return figure


@dataclass(frozen=True)
class _Place:
    """Where the parts go, in inches from the top left."""

    width: float
    left: float  # of the matrix
    top: float
    side: float
    foot: float  # height of the footer

    @property
    def height(self) -> float:
        return self.top + self.side + 0.1 + self.foot + MARGIN

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A place as Matplotlib counts, in parts of the figure from the bottom left."""
        return x / self.width, 1 - y / self.height

    def box(self, x: float, y: float, wide: float, high: float) -> Box:
        """A box with its top left at a place."""
        left, bottom = self.at(x, y + high)
        return left, bottom, wide / self.width, high / self.height


def _draw(axes: Axes, matrix: Matrix, colormap: str, signed: bool) -> None:
    edges, values = _apart(matrix)
    high = upper_end(np.abs(matrix.values) if signed else matrix.values)
    axes.pcolormesh(
        edges, edges, values, cmap=colormaps[colormap], vmin=-high if signed else 0, vmax=high,
        rasterized=True,
    )  # fmt: skip
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=2, pad=2)


def _name(axes: Axes, at: Sequence[float], names: Sequence[str], side: float) -> None:
    """Write the names along both axes, those that there is room for."""
    first, last = axes.get_xlim()
    room = points(SMALL) * LINE * (last - first) / side
    kept: list[int] = []
    for index in np.argsort(at):
        if not kept or at[index] - at[kept[-1]] >= room:
            kept.append(int(index))
    style: dict[str, Any] = {"size": SMALL, "family": FAMILY, "parse_math": False}
    ticks, labels = [at[each] for each in kept], [names[each] for each in kept]
    axes.set_xticks(ticks, labels, rotation=90, **style)
    axes.set_yticks(ticks, labels, **style)


def _draw_bar(figure: Figure, axes: Axes, place: _Place, signed: bool) -> None:
    beside = figure.add_axes(place.box(place.left + place.side + 0.1, place.top, 0.11, place.side))
    ends = "both" if signed else "max"
    bar = figure.colorbar(axes.collections[0], cax=beside, extend=ends, extendfrac=0.03)
    bar.ax.tick_params(labelsize=SMALL, length=2, pad=2)
    bar.outline.set_visible(False)


def _write(figure: Figure, place: _Place, title: str, footer: str) -> None:
    style: dict[str, Any] = {"va": "top", "family": FAMILY, "linespacing": 1.2, "parse_math": False}
    middle = place.side / 2
    under = MARGIN + _tall(title, TITLE)
    figure.text(*place.at(MARGIN, MARGIN), title, size=TITLE, weight="bold", **style)
    figure.text(*place.at(place.left + middle, under), "key", size=CAPTION, ha="center", **style)
    figure.text(*place.at(MARGIN, place.top + middle), "query", size=CAPTION, rotation=90,
                **{**style, "va": "center"})  # fmt: skip
    below = place.top + place.side + 0.1
    figure.text(*place.at(MARGIN, below), footer, size=SMALL, color=GREY, **style)


def _tall(text: str, size: float) -> float:
    """Height of a text with a gap below; 0 where it is empty."""
    return (text.count("\n") + 1) * points(size) * LINE + 0.05 if text else 0.0


def _starts(matrix: Matrix) -> NDArray[np.float64]:
    """Where each token starts along an axis, and where the last one ends."""
    kinds = np.array([place is not None for place in matrix.places])
    widths = np.where(kinds, 1, _WIDER)
    gaps = np.where(np.diff(kinds, prepend=kinds[:1]), _GAP, 0)
    starts = np.cumsum(gaps) + np.concatenate([[0], np.cumsum(widths)[:-1]])
    return np.append(starts, starts[-1] + widths[-1]).astype(np.float64)


def _apart(matrix: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The edges of the cells, and their values: NaN where a gap is."""
    starts = _starts(matrix)
    kinds = [place is not None for place in matrix.places]
    edges, tokens = [starts[0]], []
    for token, end in enumerate(starts[1:]):
        last = token + 1 == len(kinds)
        gap = 0 if last or kinds[token] == kinds[token + 1] else _GAP
        edges += [end - gap, end] if gap else [end]
        tokens += [token, -1] if gap else [token]
    values = np.pad(matrix.values, (0, 1), constant_values=np.nan)[np.ix_(tokens, tokens)]
    return np.array(edges), values


def _ticks(matrix: Matrix) -> tuple[list[float], list[str]]:
    """Where names stand along an axis: each token that is no patch, and some rows of patches."""
    starts = _starts(matrix)
    rows = [place[0] for place in matrix.places if place and not place[1]]
    named = set(rows[:: -(-len(rows) // _TICKS) or 1])
    at: dict[float, str] = {}
    for token, (place, label) in enumerate(zip(matrix.places, matrix.labels, strict=True)):
        if place is None:
            at[starts[token] + _WIDER / 2] = label
        elif not place[1] and place[0] in named:
            at[starts[token] + 0.5] = f"row {place[0]}"
    return list(at), list(at.values())
