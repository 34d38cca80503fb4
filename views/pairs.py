"""Two maps against each other: in numbers, and their difference."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase, join, number
from heedmap.views import photos
from heedmap.views.compare import Column, Shown, mass
from heedmap.views.facts import Facts
from heedmap.views.render import Look
from heedmap.views.request import Request
from heedmap.viz.compare import WHOLE, Box

if TYPE_CHECKING:
    from heedmap.models import Prepared


@dataclass(frozen=True)
class Pair:
    """Two columns, compared on a common grid over the region that both saw.

    Columns of two photos have no common place: they are compared each in its model's own frame.
    """

    first: Column
    second: Column

    @property
    def key(self) -> str:
        """Its name in links."""
        return f"{self.first.letter}{self.second.letter}".lower()

    @property
    def name(self) -> str:
        """Its name for people."""
        return Phrase("{one} and {other}", one=self.first.letter, other=self.second.letter)

    @property
    def one_photo(self) -> bool:
        """Whether both show the same photo."""
        return self.first.photo == self.second.photo

    @cached_property
    def common(self) -> viz.Common:
        """Both maps on one grid; their region in px of the photo, where that is one."""
        one, other = self.first.shown, self.second.shown
        boxes = (one.seen.box, other.seen.box) if self.one_photo else (WHOLE, WHOLE)
        return viz.common_grid(one.values, other.values, boxes)

    @property
    def correlation(self) -> float | None:
        """Spearman's rank correlation; None where one map is constant."""
        return viz.rank_correlation(self.common.first, self.common.second)

    def overlap(self, keep: float) -> viz.MaskOverlap:
        """What the masks that hold the share `keep` of each map's mass have in common."""
        return viz.mask_overlap(mass(self.common.first), mass(self.common.second), keep)

    @property
    def region(self) -> str:
        """Where they are compared, and on what grid."""
        rows, cols = self.common.first.shape
        return Phrase(
            "{place}, {rows} × {columns} cells", place=self._place, rows=rows, columns=cols
        )

    @property
    def _place(self) -> str:
        if not self.one_photo:
            return Phrase("two photos, each in its model’s frame")
        height, width = photos.pixels(self.first.photo).shape[:2]
        left, top, right, bottom = self.common.box
        share = (right - left) * (bottom - top) / (width * height)
        if share > 0.999:
            return Phrase("the whole photo")
        return Phrase("the {share:.0%} of the photo that both saw", share=share)

    def facts(self, keep: float) -> Facts:
        """The numbers of the pair."""
        found = self.overlap(keep)
        correlation = self.correlation
        return [
            (Phrase("Columns"), self.name),
            (
                Phrase("Rank correlation"),
                Phrase("– (constant)") if correlation is None else number(correlation, ".2f"),
            ),
            (Phrase("Overlap of {keep:.0%} masks", keep=keep), f"{found.share:.2f}"),
            (Phrase("By chance"), f"{found.chance:.2f}"),
            (Phrase("Compared on"), self.region),
        ]

    def told(self, keep: float) -> str:
        """The numbers of the pair in one line."""
        _, rank, shared, chance, place = self.facts(keep)
        words = f"{rank[0].lower()} {rank[1]}, {shared[0].lower()} {shared[1]}"
        return f"{words} (chance {chance[1]}), on {place[1]}"


def difference(first: Shown, second: Shown) -> Difference | None:
    """The difference of two maps side by side; None for maps of two photos."""
    pair = Pair(Column(Phrase("First"), first), Column(Phrase("Second"), second))
    return Difference(pair) if pair.one_photo else None


def pairs(columns: Sequence[Column]) -> list[Pair]:
    """Each pair of columns."""
    return [Pair(*two) for two in combinations(columns, 2)]


@dataclass(frozen=True)
class Difference:
    """The first column of a pair less the second, in shares of mass per area; of one photo.

    Each map's mass is that in the common region.
    """

    pair: Pair

    @property
    def request(self) -> Request:
        """The forward pass of the first."""
        return self.pair.first.shown.request

    @property
    def seen(self) -> Prepared:
        """What both models saw, as the first saw it."""
        seen, box = self.pair.first.shown.seen, self.pair.common.box
        return replace(seen, box=box, view=seen.view[cut(seen, box)])

    @property
    def key(self) -> Hashable:
        """What distinguishes it from all other maps of the same pass."""
        other = self.pair.second.shown
        return "less", self.pair.first.shown.key, other.request, other.key

    @property
    def title(self) -> str:
        """Its name."""
        return Phrase("{one} − {other}", one=self.pair.first.letter, other=self.pair.second.letter)

    @property
    def what(self) -> str:
        """What its values are, in words."""
        return Phrase("{title} in share per area (1: even)", title=self.title)

    @property
    def label(self) -> str:
        """Nothing needs to be told with the picture."""
        return ""

    @property
    def signed(self) -> bool:
        """Its colours diverge from zero."""
        return True

    @property
    def strongest(self) -> str:
        """Where each of the two has most more than the other."""
        places = [(self.pair.first, self.values.argmax()), (self.pair.second, self.values.argmin())]
        at = [(each.letter, np.unravel_index(i, self.values.shape)) for each, i in places]
        return join(
            [
                Phrase("{column} at row {row}, column {col}", column=letter, row=row, col=col)
                for letter, (row, col) in at
            ],
            "{one}; {other}",
        )

    @cached_property
    def values(self) -> np.ndarray:
        """(rows, cols) float32, signed."""
        common = self.pair.common
        return np.asarray(viz.difference(mass(common.first), mass(common.second)))

    def limits(self, scale: str) -> tuple[float, float]:
        """The values at the two ends of the colour bar; zero is in its middle."""
        most = float(np.abs(self.values).max()) or 1.0
        return -most, most

    @staticmethod
    def look(look: Look) -> Look:
        """How a difference is drawn where its columns are drawn so."""
        return replace(look, scale="map", view="overlay")


def cut(seen: Prepared, box: Box) -> tuple[slice, slice]:
    """Which rows and columns of a model's view show a part of the photo; `box` in px of it."""
    height, width = seen.view.shape[:2]
    left, top, right, bottom = seen.box
    x = [round((edge - left) / (right - left) * width) for edge in (box[0], box[2])]
    y = [round((edge - top) / (bottom - top) * height) for edge in (box[1], box[3])]
    return slice(y[0], max(y[1], y[0] + 1)), slice(x[0], max(x[1], x[0] + 1))
