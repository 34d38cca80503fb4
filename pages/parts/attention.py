"""Attention as pictures: one map with its look, its panel on the stage, its row of thumbnails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

import models
import viz

from . import photos, records
from .components import Item, Legend, Panel
from .look import Look, colors
from .pictures import SCREEN, THUMBNAIL, fit_within, kept
from .records import Request

if TYPE_CHECKING:
    from models import Prepared
    from viz import Attention

MEAN = "mean"  # the head that stands for all
VIEWS = {"overlay": "Overlay", "mask": "Mask", "highlight": "Highlight", "contour": "Contour"}
SCALES = {"map": "This map", "layer": "This layer", "model": "All layers"}


@dataclass(frozen=True)
class Source:
    """The record that maps are taken from: (layers, heads, rows, cols) float32."""

    asked: Request
    seen: Prepared
    maps: np.ndarray
    kind: str  # "cls" or "token_mean"

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return int(self.maps.shape[0])

    @property
    def heads(self) -> int:
        """How many heads each layer has."""
        return int(self.maps.shape[1])


def source(asked: Request, answer: tuple[Attention, Prepared], kind: str = "cls") -> Source:
    """Take the attention of CLS from a record, or of all tokens where there is no CLS."""
    record, seen = answer
    if kind == "cls" and record.cls is not None:
        return Source(asked, seen, record.cls, "cls")
    assert record.token_mean is not None
    return Source(asked, seen, record.token_mean, "token_mean")


@dataclass(frozen=True)
class Map:
    """One map of a source: a layer, and a head or the mean of all; outliers hidden or not."""

    source: Source
    layer: int
    head: str  # an index, or MEAN
    hide: bool = False

    @property
    def title(self) -> str:
        """Name the map for people."""
        head = "mean of all heads" if self.head == MEAN else f"head {self.head}"
        return f"Layer {self.layer}, {head}"

    @property
    def name(self) -> str:
        """Name the head in few words."""
        return "Mean" if self.head == MEAN else f"Head {self.head}"

    @property
    def raw(self) -> np.ndarray:
        """The values as recorded, (rows, cols) float32."""
        layer = self.source.maps[self.layer]
        return viz.head_mean(layer) if self.head == MEAN else np.asarray(layer[int(self.head)])

    @cached_property
    def values(self) -> np.ndarray:
        """The values as shown: without outliers where they are hidden, (rows, cols) float32."""
        return viz.hide_outliers(self.raw)[0] if self.hide else self.raw

    @property
    def label(self) -> str:
        """Say what is hidden, or nothing."""
        if not self.hide:
            return ""
        count = int(viz.outliers(self.raw).sum())
        if not count:
            return "no outlier patch to hide"
        return f"{count} outlier {'patch' if count == 1 else 'patches'} hidden, renormalised"

    def limits(self, scale: str) -> tuple[float, float]:
        """Give the values at the two ends of the colour bar.

        The scale of a layer spans all its heads, that of the model all heads of all layers.
        """
        if scale == "map":
            return float(self.values.min()), float(self.values.max())
        maps = self.source.maps if scale == "model" else self.source.maps[self.layer]
        low, high = viz.limits(viz.hide_outliers(maps)[0] if self.hide else maps, "model").reshape(
            -1, 2
        )[0]
        return float(low), float(high)


@dataclass(frozen=True)
class Drawing:
    """How maps are drawn: the look, the view, and the share of mass that a mask keeps."""

    look: Look
    view: str = "overlay"
    keep: float = 0.6

    def __call__(self, shown: Map, long_side: int = SCREEN) -> np.ndarray:
        """Draw a map over what the model saw, (h, w, 3) uint8; say in it what is hidden."""
        picture = self._draw(shown, long_side)
        return (
            viz.label(picture, shown.label, "top-left")
            if shown.hide and long_side >= SCREEN
            else picture
        )

    def _draw(self, shown: Map, long_side: int) -> np.ndarray:
        base = records.base(shown.source.asked, shown.source.seen, self.look.base)
        base = fit_within(base, long_side)
        if self.view == "overlay":
            return viz.Overlay(
                colormap=self.look.colormap,
                opacity=self.look.opacity,
                interpolation=self.look.interpolation,
                limits=shown.limits(self.look.scale),
                patch_grid=self.look.patch_grid,
            )(base, shown.values)
        mask = viz.threshold_mask(shown.values, self.keep)
        if self.view == "mask":
            return viz.draw_mask(mask, base.shape[:2])
        return viz.highlight(base, mask) if self.view == "highlight" else viz.contour(base, mask)

    def url(self, shown: Map, long_side: int = SCREEN) -> str:
        """Give the drawing as a data URL, drawn only where it is new."""
        key = (
            shown.source.asked, shown.source.kind, shown.layer, shown.head, shown.hide, self,
            long_side,
        )  # fmt: skip
        return kept(key, lambda: self(shown, long_side))


def panel(shown: Map, drawing: Drawing) -> Panel:
    """Make the large picture of a map, with its values under the pointer and its colour bar."""
    source = shown.source
    base = records.base(source.asked, source.seen, drawing.look.base)
    height, width = base.shape[:2]
    rows, columns = source.seen.grid
    return {
        "title": shown.title,
        "src": drawing.url(shown),
        "width": width,
        "height": height,
        "alt": f"{VIEWS[drawing.view]} of {_what(source)}, {shown.title.lower()}, on "
        f"{photos.name(source.asked.photo)}; the strongest patch, {strongest(shown)}",
        "grid": [rows, columns],
        "values": _rounded(shown.values),
        "share": True,
        "legend": legend(shown, drawing),
    }


def original(source: Source) -> Panel:
    """Make the photo that stands beside a map; what a crop left out is darkened."""
    photo = photos.pixels(source.asked.photo)
    height, width = photo.shape[:2]
    src = kept(("original", source.asked.photo), lambda: fit_within(photo, SCREEN))
    said: Panel = {
        "title": "The photo" if source.seen.fit != "crop" else "The photo, and the part it saw",
        "src": src,
        "width": width,
        "height": height,
        "alt": photos.name(source.asked.photo),
        "grid": list(source.seen.grid),
    }
    if source.seen.fit == "crop":
        left, top, right, bottom = source.seen.box
        said["box"] = [left / width, top / height, right / width, bottom / height]
    return said


def thumbnail(key: str, caption: str, shown: Map, drawing: Drawing) -> Item:
    """Make the small picture of a map."""
    return {
        "key": key,
        "src": drawing.url(shown, THUMBNAIL),
        "caption": caption,
        "alt": f"{shown.title}; the strongest patch, {strongest(shown)}",
        "title": f"Strongest patch: {strongest(shown)}",
    }


def legend(shown: Map, drawing: Drawing) -> Legend:
    """Say what the colours mean, or how much a mask covers."""
    if drawing.view != "overlay":
        return {"what": covered(shown, drawing.keep)}
    low, high = shown.limits(drawing.look.scale)
    scale = SCALES[drawing.look.scale].lower()
    return {
        "colors": colors(drawing.look.colormap),
        "low": f"{low:.3g}",
        "high": f"{high:.3g}",
        "what": f"{_what(shown.source)}, scale of {scale}",
    }


def covered(shown: Map, keep: float) -> str:
    """Say how much of the picture holds the kept share of attention."""
    area = float(viz.area(viz.threshold_mask(shown.values, keep)))
    return f"{keep:.0%} of the patches’ attention lies on {area:.1%} of the area"


def strongest(shown: Map) -> str:
    """Say where the strongest patch is and what share it has."""
    row, column, share = viz.strongest_patch(shown.values)
    return f"row {row}, column {column} holds {share:.1%}"


def facts(shown: Map) -> list[tuple[str, str]]:
    """Tell what always has to be known: the model, what it saw, and which map this is."""
    source, seen = shown.source, shown.source.seen
    rows, columns = seen.grid
    return [
        ("Model", models.record(source.asked.model).title),
        ("Saw", _saw(seen)),
        ("Grid", f"{rows} × {columns} patches of {seen.patch} px"),
        ("Prefix tokens", _prefix(seen.prefix)),
        ("Layer", _among(str(shown.layer), source.depth)),
        ("Head", _among(shown.head, source.heads)),
        ("Strongest", strongest(shown)),
    ]


def facts_beside(shown: Map) -> list[tuple[str, str]]:
    """Tell the same of the map that stands beside the first."""
    seen = shown.source.seen
    rows, columns = seen.grid
    title = models.record(shown.source.asked.model).title
    return [("Beside", f"{title}, {_saw(seen)}, grid {rows} × {columns}, {shown.title.lower()}")]


def heads(shown: Map, drawing: Drawing) -> list[Item]:
    """Make the thumbnails of the mean and of all heads of a layer."""
    each = [MEAN, *(str(head) for head in range(shown.source.heads))]
    maps = [replace(shown, head=head) for head in each]
    return [thumbnail(one.head, one.name, one, drawing) for one in maps]


def ratio(source: Source) -> float:
    """Give width over height of the maps, kept from being extreme."""
    height, width = source.seen.view.shape[:2]
    return float(min(2.0, max(0.5, width / height)))


def _among(which: str, count: int) -> str:
    """Say which of how many, counted from 0."""
    return f"mean of {count}" if which == MEAN else f"{which} (first 0, last {count - 1})"


def _saw(seen: Prepared) -> str:
    """Say what part of the photo the model saw, and how large."""
    height, width = seen.view.shape[:2]
    ways = {"whole": "whole photo", "crop": "middle crop", "squash": "photo made square"}
    return f"{ways[seen.fit]}, {width} × {height} px"


def _prefix(count: int) -> str:
    """Name the tokens before the patches."""
    if count < 2:
        return "1 (CLS)" if count else "none"
    return f"{count} (CLS and {count - 1} more)"


def _what(source: Source) -> str:
    return "attention from CLS" if source.kind == "cls" else "mean attention token to token"


def _rounded(values: np.ndarray) -> list[list[float]]:
    """Give values as JSON with four digits each."""
    return [[float(f"{value:.4g}") for value in row] for row in values.tolist()]
