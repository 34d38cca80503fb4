"""Pictures of a page as one figure: as a file for a paper, as values, as ZIP, as a program."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase, join
from heedmap.views import code, names, photos, render, values
from heedmap.views.facts import Facts
from heedmap.views.large import Large
from heedmap.views.paper import FORMATS, MM, ON_SCREEN, Paper, Preview
from heedmap.views.render import SCREEN, drawn, even

if TYPE_CHECKING:
    from heedmap.models import Prepared

PRINT = 300  # dpi of pictures in PDF and SVG
LARGE, SMALL = 38.0, 20.0  # mm, the least width of a picture with a long caption, a short one
Ends: TypeAlias = "tuple[float, float]"


@dataclass(frozen=True)
class Figure:
    """Pictures of a page as one figure.

    Attributes:
        label: what they are, for the visitor.
        name: of its file, without extension.
        pictures: row by row.
        columns: pictures a row.
        title: above all.
        told: facts under all.
        rows: names of the rows; their columns are then fixed.
        link: the address of the view.
    """

    label: str
    name: str
    pictures: Sequence[Large]
    columns: int
    title: str
    told: Facts
    rows: Sequence[str] = ()
    link: str = ""

    @property
    def limits(self) -> Ends | None:
        """The ends of the colour bar of all pictures; None where each has its own or none."""
        scales = {(each.shown.limits(each.look.scale), each.shown.what) for each in self.pictures}
        looks = {each.look for each in self.pictures}
        if len(scales) > 1 or len(looks) > 1 or len(self.pictures) == 1:
            return None
        (look,) = looks
        return next(iter(scales))[0] if look.view == "overlay" and look.scale != "map" else None

    def fitting(self, width: float) -> int:
        """Pictures a row on paper so wide, mm: those of the page, fewer where it is narrow."""
        if self.rows:
            return self.columns
        least = LARGE if any("\n" in each.caption for each in self.pictures) else SMALL
        return even(len(self.pictures), max(1, min(self.columns, int(width // least))))

    @property
    def kinds(self) -> Sequence[str]:
        """What it can be had as; maps of unlike shapes do not fit one array."""
        fits = len({each.shown.values.shape for each in self.pictures}) == 1
        return [kind for kind in FORMATS if fits or kind != "npy"]

    def make(self, kind: str, paper: Paper) -> bytes:
        """It as a file; see `FORMATS`."""
        made: bytes = getattr(self, kind)(paper)
        return made

    def preview(self, paper: Paper) -> Preview:
        """The figure as it will look."""
        return Preview.of(self._drawn(paper, ON_SCREEN))

    def holds(self, kind: str) -> str:
        """What a file without a layout holds, in a sentence."""
        shapes = sorted({each.shown.values.shape for each in self.pictures})
        sizes = join([f"{rows} × {cols}" for rows, cols in shapes], "{one} or {other}")
        count = len(self.pictures)
        maps = Phrase("1 map") if count == 1 else Phrase("{count} maps", count=count)
        of = {"maps": maps, "sizes": sizes}
        holds = {
            "npz": Phrase("{maps} of {sizes} values, float32, each under its name.", **of),
            "npy": Phrase(
                "{maps} of {sizes} values, float32, as one array (maps, rows, columns).", **of
            ),
            "csv": Phrase(
                "{maps} of {sizes} values: a line for each, with map, row and column.", **of
            ),
            "picture": Phrase("The map over its photo, in the pixels of the screen, without text."),
        }
        return holds[kind]

    def png(self, paper: Paper) -> bytes:
        """The figure as PNG."""
        return viz.to_png(self._drawn(paper, paper.dpi), paper.dpi)

    def svg(self, paper: Paper) -> bytes:
        """The figure as SVG, text as text."""
        return viz.to_svg(self._drawn(paper))

    def pdf(self, paper: Paper) -> bytes:
        """The figure as PDF, one page, text as text."""
        return viz.to_pdf(self._drawn(paper))

    def picture(self, paper: Paper) -> bytes:
        """The first picture alone, in the pixels of the screen, as PNG."""
        return _png(self.pictures[0])

    def npz(self, paper: Paper) -> bytes:
        """The values of each map by its name."""
        return values.npz(self._values())

    def npy(self, paper: Paper) -> bytes:
        """The values of all maps as one array (maps, rows, cols)."""
        return values.npy(list(self._values().values()))

    def csv(self, paper: Paper) -> bytes:
        """The values of all maps as a table."""
        return values.as_csv(self._values())

    def python(self, paper: Paper) -> str:
        """A program that makes the pictures."""
        return code.python(self.pictures)

    def view(self) -> bytes:
        """All settings, as JSON."""
        told = names.view(self.pictures, self.link, self.told)
        return json.dumps(told, indent=2, ensure_ascii=False).encode()

    def zip(self, paper: Paper) -> bytes:
        """The pictures, the figure as PDF and SVG, the values, the program and the settings."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, each in zip(self._names(), self.pictures, strict=True):
                archive.writestr(f"pictures/{name}.png", _png(each), zipfile.ZIP_STORED)
            archive.writestr("figure.pdf", self.pdf(paper))
            archive.writestr("figure.svg", self.svg(paper))
            archive.writestr("values.npz", self.npz(paper))
            archive.writestr("values.csv", self.csv(paper))
            archive.writestr("picture.py", self.python(paper))
            archive.writestr("view.json", self.view())
        return stream.getvalue()

    def _names(self) -> list[str]:
        return names.each_once([each.shown for each in self.pictures])

    def _values(self) -> dict[str, np.ndarray]:
        maps = (np.asarray(each.shown.values, np.float32) for each in self.pictures)
        return dict(zip(self._names(), maps, strict=True))

    def _drawn(self, paper: Paper, dpi: int = PRINT) -> Any:
        columns = paper.columns if paper.columns and not self.rows else self.fitting(paper.width)
        cells = self._cells(paper, round(dpi * paper.width / MM / columns))
        limits = self.limits if paper.bar else None
        own = paper.bar and limits is None
        bars: dict[str, Any] = {
            "colormap": [each.scale for each in cells] if own else cells[-1].scale,
            "limits": limits,
            "colorbar_label": self.pictures[0].shown.what if limits else "",
            "own_limits": [each.ends for each in cells] if own else (),
        }
        return viz.grid_figure(
            [each.picture for each in cells],
            captions=[each.caption for each in cells],
            columns=columns + bool(paper.photo and (self.rows or columns == len(self.pictures))),
            title=self.title if paper.title else "",
            footer=" · ".join(f"{label}: {value}" for label, value in self.told) * paper.told,
            row_labels=self.rows,
            width=paper.width / MM,
            transparent=paper.transparent,
            **bars if own or limits else {},
        )

    def _cells(self, paper: Paper, width: int) -> list[_Cell]:
        """The pictures, `width` px wide or as on the screen; see `Paper.photo`.

        The photo comes first, or begins each row where rows have names.
        """
        cells = [_cell(each, width) for each in self.pictures]
        if not paper.photo:
            return cells
        first = self.pictures[0]
        request, seen = first.shown.request, first.shown.seen
        photo = render.base(request, seen, first.look.over, _long(seen, width))
        lead = _Cell(photo, photos.title(request.photo), cells[0].scale, None)
        step = self.columns if self.rows else len(cells)
        starts = range(0, len(cells), step)
        return [each for at in starts for each in (lead, *cells[at : at + step])]


@dataclass(frozen=True)
class _Cell:
    """A picture of a figure, its caption, its colours, and the ends of a bar of its own."""

    picture: np.ndarray
    caption: str
    scale: viz.Overlay
    ends: Ends | None


def _cell(each: Large, width: int) -> _Cell:
    """A map as a picture of a figure; a mask has no bar."""
    shown, look = each.shown, each.look
    overlay = render.overlay(shown, look)
    ends = overlay.limits_of(shown.values) if look.view == "overlay" else None
    return _Cell(drawn(shown, look, _long(shown.seen, width)), each.caption, overlay, ends)


def _long(seen: Prepared, width: int) -> int:
    """The long side in px of a picture of what a model saw that is `width` px wide."""
    high, wide = seen.view.shape[:2]
    return int(min(SCREEN, max(16, round(width * max(1, high / wide)))))


def _png(each: Large) -> bytes:
    return viz.encode_png(drawn(each.shown, each.look), render.alt(each.shown, each.look))
