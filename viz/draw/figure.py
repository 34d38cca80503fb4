"""Many pictures in one Matplotlib figure, ready for a paper.

    figure = grid_figure(pictures, captions=names, columns=4, footer="ViT-S/8, 224 x 336 px")
    to_pdf(figure)                                            # bytes, see render.py

Figures are made without pyplot, which keeps a global list of figures and is not thread-safe. Every
element is placed in inches, so pictures of one shape are evenly spaced, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from heedmap.viz import checks
from heedmap.viz.draw.colorbar import colorbar
from heedmap.viz.draw.content import Content, Scale, checked
from heedmap.viz.draw.ends import ends
from heedmap.viz.draw.fonts import FAMILY
from heedmap.viz.draw.layout import (
    CAPTION,
    LINE,
    MARGIN,
    OWN_SCALE,
    SCALE,
    SMALL,
    TITLE,
    WIDTH,
    Layout,
    plan,
    wrap_text,
)  # fmt: skip
from heedmap.viz.draw.measure import points, wrapped
from heedmap.viz.draw.overlay import Limits
from heedmap.viz.photo.picture import Picture
from matplotlib.figure import Figure
from PIL import Image

Box: TypeAlias = tuple[float, float, float, float]  # left, top, width, height in inches
Bar: TypeAlias = "tuple[Box, Scale, Limits | None]"  # where a colour bar is, its colours and ends

_INK, _GREY = "#1a1a1a", "#5f6368"
_PRINT_DPI = 300  # pictures are stored with no more pixels than print can show


def grid_figure(
    pictures: Sequence[Picture],
    captions: Sequence[str] = (),
    columns: int = 4,
    title: str = "",
    row_labels: Sequence[str] = (),
    footer: str = "",
    colormap: Scale | Sequence[Scale] | None = None,
    limits: Limits | None = None,
    colorbar_label: str = "",
    width: float = WIDTH,
    own_limits: Sequence[Limits | None] = (),
    transparent: bool = False,
) -> Figure:
    """Pictures in a grid, row by row.

    Args:
        pictures: each (H, W, 3) uint8; shapes may differ.
        captions: one below each picture, or none.
        columns: pictures in a row.
        title: above the grid.
        row_labels: one to the left of each row, or none.
        footer: a small line below: the model, what it saw, the scale.
        colormap: draws a colour bar with it; an overlay's colours fade as they do over a photo.
            With `own_limits`, there may be one for each picture.
        limits: (low, high) of all pictures, written at the ends of the colour bar; "low" and
            "high" if left out.
        colorbar_label: what the colours mean, above the colour bar.
        width: of the figure in inches; its height follows.
        own_limits: (low, high) of each picture where these differ, None for one without a map or
            on the scale of all: draws a colour bar below each picture, and the one for all, in
            the first picture's colours, only with `limits`.
        transparent: whether there is nothing behind the pictures and the text; white by default.

    Raises:
        SettingError: no pictures, or settings that do not fit them.
    """
    content = wrap_text(checked(Content(
        pictures, captions, columns, title, row_labels, footer, colormap, limits, colorbar_label,
        width, own_limits,
    )))  # fmt: skip
    layout = plan(content)
    ground = "none" if checks.flag(transparent, "A transparent ground") else "white"
    figure = Figure(figsize=(content.width, layout.height), facecolor=ground)
    _draw_pictures(figure, layout, content)
    _draw_texts(figure, layout, content)
    _draw_scales(figure, layout, content)
    return figure


def _draw_pictures(figure: Figure, layout: Layout, content: Content) -> None:
    for index, picture in enumerate(content.pictures):
        box = _place(layout, index, picture)
        _image(figure, layout, box, _for_print(picture, box[2]))


def _place(layout: Layout, index: int, picture: Picture) -> Box:
    """Where a picture goes; one of another shape keeps it: centred, close to its caption."""
    (x, y), (wide, high) = layout.corner(index), layout.cell
    scale = min(wide / picture.shape[1], high / picture.shape[0])
    w, h = picture.shape[1] * scale, picture.shape[0] * scale
    return x + (wide - w) / 2, y + high - h, w, h


def _draw_texts(figure: Figure, layout: Layout, content: Content) -> None:
    wide, high = layout.cell
    for index, caption in enumerate(content.captions):
        x, y = layout.corner(index)
        _text(figure, layout, x + wide / 2, y + high + layout.scale + 0.03, caption, ha="center")
    _text(figure, layout, layout.left, MARGIN, content.title, size=TITLE, weight="bold")
    for row, label in enumerate(content.row_labels):
        x, y = layout.corner(row * layout.columns)
        lines = wrapped(label, high + layout.below, SMALL)
        middle = {"ha": "right", "va": "center", "rotation": 90}
        _text(figure, layout, x - 0.05, y + high / 2, lines, size=SMALL, **middle)
    _text(figure, layout, layout.left, layout.foot_top, content.footer, size=SMALL, color=_GREY)


def _draw_scales(figure: Figure, layout: Layout, content: Content) -> None:
    """The colour bars of the pictures, and the one of the figure."""
    bars = [*_own_scales(layout, content), *_one_scale(figure, layout, content)]
    if not bars:
        return
    told, size = ends([(limits, box[2]) for box, _, limits in bars])
    style = {"size": size, "va": "baseline", "color": _GREY}
    for (box, colormap, _), (low, high) in zip(bars, told, strict=True):
        x, y, wide, tall = box
        squares = 1 if isinstance(colormap, str) else max(2, round(256 * tall / wide))
        _image(figure, layout, box, colorbar(colormap, 256, squares))
        y += tall + 0.03 + points(SMALL) * 0.75
        _text(figure, layout, x, y, low, **style)
        _text(figure, layout, x + wide, y, high, ha="right", **style)


def _own_scales(layout: Layout, content: Content) -> Iterator[Bar]:
    for index, limits in enumerate(content.own_limits):
        colormap = content.scale_of(index)
        if limits is not None and colormap is not None:
            x, y, wide, high = _place(layout, index, content.pictures[index])
            yield (x, y + high + 0.03, wide, OWN_SCALE), colormap, limits


def _one_scale(figure: Figure, layout: Layout, content: Content) -> Iterator[Bar]:
    """The bar of all pictures, its label written above it."""
    colormap = content.scale_of(0)
    if content.one_scale and colormap is not None:
        wide, high = SCALE
        x, y = content.width - MARGIN - wide, layout.foot_top
        label = {"size": SMALL, "ha": "center", "color": _GREY}
        _text(figure, layout, x + wide / 2, y, content.colorbar_label, **label)
        lines = content.colorbar_label.count("\n") + 1
        yield (x, y + lines * points(SMALL) * LINE, wide, high), colormap, content.limits


def _image(figure: Figure, layout: Layout, box: Box, picture: Picture) -> None:
    """A picture without axes."""
    width, height = figure.get_figwidth(), layout.height
    x, y, w, h = box
    axes = figure.add_axes((x / width, 1 - (y + h) / height, w / width, h / height))
    axes.set_axis_off()
    axes.imshow(picture, aspect="auto")


def _text(figure: Figure, layout: Layout, x: float, y: float, text: str, **style: Any) -> None:
    """Text at a place in inches, unless it is empty."""
    settings = {
        "size": CAPTION,
        "color": _INK,
        "va": "top",
        "family": FAMILY,
        "linespacing": 1.2,
        "parse_math": False,  # a dollar sign in a name is a dollar sign
        **style,
    }
    if text:
        figure.text(x / figure.get_figwidth(), 1 - y / layout.height, text, **settings)


def _for_print(picture: Picture, inches: float) -> Picture:
    """A picture with no more pixels than its place in print can show."""
    pixels = round(inches * _PRINT_DPI)
    if picture.shape[1] <= pixels:
        return picture
    size = (pixels, max(1, round(picture.shape[0] * pixels / picture.shape[1])))
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
