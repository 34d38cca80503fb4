"""A figure that is filled from top to bottom, in inches; its height is what that needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from heedmap.viz.draw.fonts import FAMILY
from heedmap.viz.draw.layout import CAPTION
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

INK, GREY = "#1a1a1a", "#5f6368"
Colour: TypeAlias = tuple[float, float, float, float]  # red, green, blue, opacity, 0 to 1

_ROUND = 0.025  # inches, of the corners of a box


class Sheet:
    """What a figure holds: text, boxes, strips of colours and lines, placed from its top left."""

    def __init__(self, width: float) -> None:
        self.width = width  # inches
        self._drawn: list[Callable[[Axes], object]] = []

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """Text whose top is at `y`, unless it is empty."""
        style = {"size": CAPTION, "color": INK, "va": "top", "family": FAMILY, **style}
        if text:
            self._drawn.append(
                lambda axes: axes.text(x, y, text, linespacing=1.2, parse_math=False, **style)
            )

    def box(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """A box with round corners."""
        style = f"round,pad=0,rounding_size={_ROUND}"
        self._drawn.append(
            lambda axes: axes.add_patch(
                FancyBboxPatch((x, y), wide, high, boxstyle=style, facecolor=colour, linewidth=0)
            )
        )

    def strip(self, x: float, y: float, wide: float, high: float, colours: np.ndarray) -> None:
        """Colours (n, 4), 0 to 1, from left to right."""
        self._drawn.append(
            lambda axes: axes.imshow(
                colours[None], extent=(x, x + wide, y + high, y), aspect="auto"
            )
        )

    def lines(self, ends: np.ndarray, colours: Sequence[Colour], widths: Sequence[float]) -> None:
        """Lines (n, 2, 2) from (x, y) to (x, y), their widths in points."""
        self._drawn.append(
            lambda axes: axes.add_collection(
                LineCollection(list(ends), colors=colours, linewidths=widths, capstyle="round")
            )
        )

    def figure(self, height: float, transparent: bool = False) -> Figure:
        """All of it, so high."""
        ground = "none" if transparent else "white"
        figure = Figure(figsize=(self.width, height), facecolor=ground)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        for draw in self._drawn:
            draw(axes)
        axes.set(xlim=(0, self.width), ylim=(height, 0), aspect="auto")
        return figure
