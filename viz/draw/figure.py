"""Many pictures -> one Matplotlib figure -> PNG or PDF, ready for a paper.

    figure = grid_figure(pictures, captions=names, columns=4, footer="ViT-S/8, 224 x 336 px")
    to_pdf(figure)                                            # bytes

Figures are made without pyplot, which keeps a global list of figures and is not meant for many
threads. Every element is placed in inches, so that pictures of one shape stand edge to edge with
even gaps, whatever their number.
"""

from __future__ import annotations

import io
import textwrap
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from heedmap.errors import SettingError
from heedmap.viz.draw.overlay import Limits, colorbar
from heedmap.viz.photo.picture import Picture, check_picture
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from PIL import Image

# In inches. A figure is as wide as the text of a two-column page.
WIDTH = 7.2
_MARGIN = 0.08
_GAP = 0.07
_LINE = 1.35  # line height over type size
_TITLE, _CAPTION, _SMALL = 10.0, 7.0, 6.5  # type sizes in points
_BAR = (1.7, 0.07)  # colour bar: width, height
_INK, _GREY = "#1a1a1a", "#5f6368"
# Pictures are stored with no more pixels than print can show.
_PRINT_DPI = 300

# Matplotlib shares fonts and settings between figures: one is drawn at a time.
_drawing = threading.Lock()


@dataclass(frozen=True)
class _Layout:
    """Where things go, in inches from the top left corner."""

    columns: int
    rows: int
    left: float  # of the first column, after the row labels
    top: float  # of the first row, under the title
    cell: tuple[float, float]  # width, height of a picture
    caption: float  # height of the captions under a picture
    foot: float  # height of footer and colour bar

    @property
    def height(self) -> float:
        rows = self.rows * (self.cell[1] + self.caption) + (self.rows - 1) * _GAP
        return self.top + rows + self.foot + _MARGIN

    def corner(self, index: int) -> tuple[float, float]:
        """Left and top of a picture."""
        row, col = divmod(index, self.columns)
        return (
            self.left + col * (self.cell[0] + _GAP),
            self.top + row * (self.cell[1] + self.caption + _GAP),
        )


def grid_figure(
    pictures: Sequence[Picture],
    captions: Sequence[str] = (),
    columns: int = 4,
    title: str = "",
    row_labels: Sequence[str] = (),
    footer: str = "",
    colormap: str | None = None,
    limits: Limits | None = None,
    colorbar_label: str = "",
    width: float = WIDTH,
) -> Figure:
    """Pictures in a grid, row by row.

    Args:
        pictures: each (H, W, 3) uint8; shapes may differ.
        captions: one under each picture, or none.
        columns: pictures in a row.
        title: above the grid.
        row_labels: one to the left of each row, or none.
        footer: a small line below: the model, what it saw, the scale.
        colormap: draws a colour bar with it.
        limits: (low, high) written at the ends of the colour bar; "low" and "high" if left out,
            for pictures that have a scale each.
        colorbar_label: what the colours mean, above the bar.
        width: of the figure in inches; its height follows.

    Returns:
        A Matplotlib figure of its own, for `to_png`, `to_pdf` or further work.

    Raises:
        SettingError: no pictures, or numbers of captions or labels that do not fit.
    """
    _check(pictures, captions, columns, row_labels, width)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    left = _MARGIN + (_points(_SMALL) * _LINE * 2 if row_labels else 0)
    cell = (width - left - _MARGIN - (columns - 1) * _GAP) / columns
    texts = [_wrapped(text, cell, _CAPTION) for text in captions]
    heading = _wrapped(title, width - 2 * _MARGIN, _TITLE)
    note = _wrapped(footer, width - 2 * _MARGIN - (_BAR[0] + 0.3 if colormap else 0), _SMALL)
    layout = _Layout(
        columns,
        rows,
        left,
        _MARGIN + (_height(heading, _TITLE) + 0.06 if title else 0),
        (cell, cell * max(p.shape[0] / p.shape[1] for p in pictures)),
        max((_height(text, _CAPTION) + 0.03 for text in texts if text), default=0),
        max(_height(note, _SMALL) + 0.1 if footer else 0, 0.42 if colormap else 0),
    )
    figure = Figure(figsize=(width, layout.height), facecolor="white")
    _draw_pictures(figure, layout, pictures, texts)
    _draw_texts(figure, layout, heading, row_labels, note)
    if colormap:
        _draw_colorbar(figure, layout, colormap, limits, colorbar_label)
    return figure


def to_png(figure: Figure, dpi: int = 200) -> bytes:
    """A figure as PNG, the same bytes for the same figure.

    Raises:
        SettingError: dpi outside 20..1200.
    """
    if not 20 <= dpi <= 1200:
        raise SettingError(f"A resolution of {dpi} dpi is out of range: choose 20 to 1200.")
    buffer = io.BytesIO()
    with _drawing:
        _interpolate(figure, "auto")
        FigureCanvasAgg(figure)
        figure.savefig(buffer, format="png", dpi=dpi, pil_kwargs={"compress_level": 3})
    return buffer.getvalue()


def to_pdf(figure: Figure) -> bytes:
    """A figure as PDF: pictures as they are, text as text, no dates, so the same bytes again.

    Fonts are embedded as TrueType, which journals ask for and drawing programs can edit.
    """
    buffer = io.BytesIO()
    with _drawing:
        _interpolate(figure, "none")
        before = matplotlib.rcParams["pdf.fonttype"]
        matplotlib.rcParams["pdf.fonttype"] = 42
        try:
            FigureCanvasPdf(figure)
            figure.savefig(buffer, format="pdf", metadata={"CreationDate": None})
        finally:
            matplotlib.rcParams["pdf.fonttype"] = before
    return buffer.getvalue()


def _check(
    pictures: Sequence[Picture],
    captions: Sequence[str],
    columns: int,
    row_labels: Sequence[str],
    width: float,
) -> None:
    if not len(pictures):
        raise SettingError("A figure of 0 pictures cannot be drawn: give at least one.")
    for picture in pictures:
        check_picture(picture)
    if columns < 1:
        raise SettingError(f"A figure of {columns} columns cannot be drawn: choose 1 or more.")
    if len(captions) not in (0, len(pictures)):
        raise SettingError(
            f"{len(captions)} captions do not fit {len(pictures)} pictures: give one each or none."
        )
    rows = -(-len(pictures) // min(columns, len(pictures)))
    if len(row_labels) not in (0, rows):
        raise SettingError(
            f"{len(row_labels)} row labels do not fit {rows} rows: give one each or none."
        )
    if not 1 <= width <= 60:
        raise SettingError(f"A figure {width} inches wide cannot be drawn: choose 1 to 60.")


def _draw_pictures(
    figure: Figure, layout: _Layout, pictures: Sequence[Picture], captions: Sequence[str]
) -> None:
    wide, high = layout.cell
    for index, picture in enumerate(pictures):
        x, y = layout.corner(index)
        # A picture of another shape keeps it: centred, at the bottom, close to its caption.
        scale = min(wide / picture.shape[1], high / picture.shape[0])
        w, h = picture.shape[1] * scale, picture.shape[0] * scale
        axes = _axes(figure, layout, x + (wide - w) / 2, y + high - h, w, h)
        axes.imshow(_for_print(picture, w), aspect="auto")
        if captions:
            _text(figure, layout, x + wide / 2, y + high + 0.03, captions[index], ha="center")


def _draw_texts(
    figure: Figure, layout: _Layout, title: str, row_labels: Sequence[str], footer: str
) -> None:
    if title:
        _text(figure, layout, layout.left, _MARGIN, title, size=_TITLE, weight="bold", color=_INK)
    for row, text in enumerate(row_labels):
        x, y = layout.corner(row * layout.columns)
        _text(
            figure,
            layout,
            x - 0.05,
            y + layout.cell[1] / 2,
            _wrapped(text, layout.cell[1] + layout.caption, _SMALL),
            size=_SMALL,
            rotation=90,
            ha="right",
            va="center",
            color=_INK,
        )
    if footer:
        y = layout.height - layout.foot - _MARGIN + 0.1
        _text(figure, layout, layout.left, y, footer, size=_SMALL, color=_GREY)


def _draw_colorbar(
    figure: Figure, layout: _Layout, colormap: str, limits: Limits | None, text: str
) -> None:
    wide, high = _BAR
    right = figure.get_figwidth() - _MARGIN
    y = layout.height - layout.foot - _MARGIN + 0.1
    if text:
        _text(figure, layout, right - wide / 2, y, text, size=_SMALL, ha="center", color=_GREY)
    y += _points(_SMALL) * _LINE
    axes = _axes(figure, layout, right - wide, y, wide, high)
    axes.imshow(colorbar(colormap, 256, 1), aspect="auto")
    low, top = ("low", "high") if limits is None else (f"{value:.3g}" for value in limits)
    y += high + 0.03 + _points(_SMALL) * 0.75
    _text(figure, layout, right - wide, y, low, size=_SMALL, va="baseline", color=_GREY)
    _text(figure, layout, right, y, top, size=_SMALL, va="baseline", ha="right", color=_GREY)


def _axes(figure: Figure, layout: _Layout, x: float, y: float, w: float, h: float) -> Any:
    width, height = figure.get_figwidth(), layout.height
    axes = figure.add_axes((x / width, 1 - (y + h) / height, w / width, h / height))
    axes.set_axis_off()
    return axes


def _text(figure: Figure, layout: _Layout, x: float, y: float, text: str, **style: Any) -> None:
    settings = {
        "size": _CAPTION,
        "color": _INK,
        "va": "top",
        "family": "DejaVu Sans",
        "linespacing": 1.2,
        "parse_math": False,  # a dollar sign in a name is a dollar sign
        **style,
    }
    figure.text(x / figure.get_figwidth(), 1 - y / layout.height, text, **settings)


def _for_print(picture: Picture, inches: float) -> Picture:
    """A picture with no more pixels than its place in print can show."""
    pixels = round(inches * _PRINT_DPI)
    if picture.shape[1] <= pixels:
        return picture
    size = (pixels, max(1, round(picture.shape[0] * pixels / picture.shape[1])))
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _interpolate(figure: Figure, interpolation: str) -> None:
    """PNG is resampled to its pixels; PDF keeps the pictures' own ("none")."""
    for axes in figure.axes:
        for image in axes.images:
            image.set_interpolation(interpolation)


def _points(size: float) -> float:
    return size / 72


def _wrapped(text: str, inches: float, size: float) -> str:
    """Text broken into lines that fit a width; letters are taken as 0.56 of their size wide."""
    letters = max(8, int(inches / (_points(size) * 0.56)))
    return "\n".join(
        line for part in text.splitlines() for line in (textwrap.wrap(part, letters) or [""])
    )


def _height(text: str, size: float) -> float:
    return (text.count("\n") + 1) * _points(size) * _LINE if text else 0.0
