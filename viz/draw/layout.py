"""Where the parts of a figure go, in inches from its top left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from heedmap.errors import SettingError
from heedmap.viz.draw.content import Content
from heedmap.viz.draw.measure import points, wrapped

WIDTH = 7.2  # inches; the text of a two-column page
MARGIN = 0.08
LINE = 1.35  # line height over type size
TITLE, CAPTION, SMALL, SMALLEST = 10.0, 7.0, 6.5, 6.0  # type sizes in points
SCALE = (1.7, 0.07)  # the colour bar of a figure: width, height
OWN_SCALE = 0.05  # the colour bar of a picture: height; it is as wide as the picture
_GAP = 0.07
_NARROWEST = 0.1  # of a picture


@dataclass(frozen=True)
class Layout:
    """A grid of pictures with text around it; all text is broken into lines that fit."""

    columns: int
    rows: int
    left: float  # of the first column, right of the row labels
    top: float  # of the first row, below the title
    cell: tuple[float, float]  # width, height of a picture
    scale: float  # height of the colour bar of a picture with its numbers
    caption: float  # height of the captions
    foot: float  # height of the footer and the colour bar of the figure

    @property
    def below(self) -> float:
        """Height of what is below a picture and belongs to it."""
        return self.scale + self.caption

    @property
    def height(self) -> float:
        rows = self.rows * (self.cell[1] + self.below) + (self.rows - 1) * _GAP
        return self.top + rows + self.foot + MARGIN

    @property
    def foot_top(self) -> float:
        return self.height - self.foot - MARGIN + 0.1

    def corner(self, index: int) -> tuple[float, float]:
        """Left and top of a picture."""
        row, col = divmod(index, self.columns)
        return (
            self.left + col * (self.cell[0] + _GAP),
            self.top + row * (self.cell[1] + self.below + _GAP),
        )


def plan(content: Content) -> Layout:
    """Place the parts of a figure, for text that is wrapped already."""
    left, wide = _columns(content)
    own = OWN_SCALE + 0.06 + points(SMALL) if content.own_limits else 0.0
    return Layout(
        content.columns,
        content.rows,
        left,
        top=MARGIN + _height([content.title], TITLE, 0.06),
        cell=(wide, wide * max(p.shape[0] / p.shape[1] for p in content.pictures)),
        scale=own,
        caption=_height(content.captions, CAPTION, 0.03),
        foot=max(
            _height([content.footer], SMALL, 0.1),
            _height([content.colorbar_label or " "], SMALL, 0.3) if content.one_scale else 0.0,
        ),
    )


def _columns(content: Content) -> tuple[float, float]:
    """Left of the first column, and the width of each."""
    left = MARGIN + (points(SMALL) * LINE * 2 if content.row_labels else 0)
    gaps = (content.columns - 1) * _GAP
    wide = (content.width - left - MARGIN - gaps) / content.columns
    if wide < _NARROWEST:
        raise SettingError(
            "{columns} columns do not fit a figure {width:g} inches wide: choose fewer columns "
            "or a wider figure.",
            columns=content.columns,
            width=content.width,
        )
    return left, wide


def wrap_text(content: Content) -> Content:
    """Return the content with title, captions and footer broken into lines that fit their place."""
    left, wide = _columns(content)
    across = content.width - left - MARGIN
    beside_scale = across - (SCALE[0] + 0.3 if content.one_scale else 0)
    return replace(
        content,
        title=wrapped(content.title, across, TITLE, "bold"),
        captions=[wrapped(text, wide, CAPTION) for text in content.captions],
        footer=wrapped(content.footer, beside_scale, SMALL),
        colorbar_label=wrapped(content.colorbar_label, SCALE[0], SMALL),
    )


def _height(texts: Sequence[str], size: float, gap: float) -> float:
    """Height of the tallest of some texts and a gap; 0 where all are empty."""
    lines = max((text.count("\n") + 1 for text in texts if text), default=0)
    return lines * points(size) * LINE + gap if lines else 0.0
