"""An attention matrix as a Matplotlib figure, ready for a paper; see figure.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from heedmap.viz.draw.colours import check_colormap
from heedmap.viz.draw.layout import CAPTION, SMALL, TITLE, WIDTH
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

_WIDER = 6  # a token that is no patch, in sides of a patch
_GAP = 2  # between these and the patches
_TICKS = 8  # named rows of patches, at most
_BRIGHT = 99.5  # percentile at the upper end of the colour bar: a few sinks outshine all others


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


def upper_end(values: np.ndarray) -> float:
    """The value at the upper end of a matrix's colour bar; what is above has its colour."""
    return float(np.percentile(values, _BRIGHT)) or float(values.max())


def matrix_figure(
    matrix: Matrix, title: str = "", footer: str = "", colormap: str = "viridis"
) -> Figure:
    """A matrix with axes and a colour bar; tokens that are no patches are wider, and apart.

    Args:
        matrix: from `viz.attention_matrix`.
        title: above the matrix.
        footer: a small line below.
        colormap: a name of `viz.COLORMAPS`.

    Raises:
        SettingError: an unknown colour map.
    """
    colours = colormaps[check_colormap(colormap)]
    figure = Figure(figsize=(WIDTH, WIDTH * 0.93), facecolor="white")
    axes = figure.add_axes((0.1, 0.08, 0.77, 0.82))
    edges, values = _apart(matrix)
    mesh = axes.pcolormesh(
        edges, edges, values, cmap=colours, vmin=0, vmax=upper_end(matrix.values), rasterized=True
    )
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.spines[:].set_visible(False)
    at, names = _ticks(matrix)
    axes.set_xticks(at, names, size=SMALL, rotation=90)
    axes.set_yticks(at, names, size=SMALL)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=2)
    axes.set_ylabel("query", size=CAPTION)
    axes.set_xlabel("key", size=CAPTION)
    bar = figure.colorbar(mesh, ax=axes, extend="max", fraction=0.04, pad=0.02)
    bar.ax.tick_params(labelsize=SMALL)
    bar.set_label("attention", size=CAPTION)
    figure.text(0.02, 0.985, title, size=TITLE, weight="bold", va="top", parse_math=False)
    figure.text(0.02, 0.015, footer, size=SMALL, color="#5f6368", parse_math=False)
    return figure


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
