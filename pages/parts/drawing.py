"""Maps as pictures: drawn with a look, put on the stage, made into thumbnails."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from heedmap import viz
from heedmap.pages.parts import photos, records
from heedmap.pages.parts.components import Item, Legend, Panel
from heedmap.pages.parts.look import Look, colors
from heedmap.pages.parts.pictures import SCREEN, THUMBNAIL, fit_within, kept
from heedmap.pages.parts.records import Request

if TYPE_CHECKING:
    from heedmap.models import Prepared

VIEWS = {"overlay": "Overlay", "mask": "Mask", "highlight": "Highlight", "contour": "Contour"}
SCALES = {
    "map": "This map",
    "layer": "This layer",
    "layers": "Common to all layers",
    "model": "All heads of all layers",
}


class Drawable(Protocol):
    """A map of one photo in one model, and what has to be said of it."""

    @property
    def asked(self) -> Request:
        """The forward pass that it comes from."""

    @property
    def seen(self) -> Prepared:
        """What the model saw."""

    @property
    def key(self) -> Hashable:
        """What tells it from all other maps of the same pass."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def what(self) -> str:
        """What its values are."""

    @property
    def label(self) -> str:
        """What has to be written into the picture, or nothing."""

    @property
    def strongest(self) -> str:
        """Where it is strongest, in words."""

    @property
    def values(self) -> np.ndarray:
        """(rows, cols) float32."""

    def limits(self, scale: str) -> tuple[float, float]:
        """Give the values at the two ends of the colour bar, for a key of `SCALES`."""


@dataclass(frozen=True)
class Drawing:
    """How maps are drawn: the look, the view, and the share of mass that a mask keeps."""

    look: Look
    view: str = "overlay"
    keep: float = 0.6

    def __call__(self, shown: Drawable, long_side: int = SCREEN) -> np.ndarray:
        """Draw a map over what the model saw, (h, w, 3) uint8; large ones carry their label."""
        base = records.base(shown.asked, shown.seen, self.look.base, long_side)
        picture = self._draw(base, shown)
        if shown.label and long_side >= SCREEN:
            return viz.label(picture, shown.label, "top-left")
        return picture

    def url(self, shown: Drawable, long_side: int = SCREEN) -> str:
        """Give the drawing as a data URL, drawn only where it is new."""
        key = (shown.asked, shown.key, self, long_side)
        return kept(key, lambda: self(shown, long_side))

    def _draw(self, base: np.ndarray, shown: Drawable) -> np.ndarray:
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
            return viz.draw_mask(mask, (base.shape[0], base.shape[1]))
        return viz.highlight(base, mask) if self.view == "highlight" else viz.contour(base, mask)


def panel(shown: Drawable, drawing: Drawing, *, share: bool = False) -> Panel:
    """Make the large picture of a map, with its values under the pointer and its colour bar."""
    base = records.base(shown.asked, shown.seen, drawing.look.base)
    rows, columns = shown.values.shape
    return {
        "title": shown.title,
        "src": drawing.url(shown),
        "width": base.shape[1],
        "height": base.shape[0],
        "alt": f"{VIEWS[drawing.view]} of {shown.what} on “{photos.name(shown.asked.photo)}”: "
        f"{shown.title}. Strongest: {shown.strongest}.",
        "grid": [rows, columns],
        "values": [[float(f"{value:.4g}") for value in row] for row in shown.values.tolist()],
        "share": share,
        "legend": _legend(shown, drawing),
    }


def original(asked: Request, seen: Prepared, grid: tuple[int, int]) -> Panel:
    """Make the photo that stands beside a map; what a crop left out is darkened."""
    photo = photos.pixels(asked.photo)
    height, width = photo.shape[:2]
    said: Panel = {
        "title": "The photo, and the part it saw" if seen.fit == "crop" else "The photo",
        "src": kept(("original", asked.photo), lambda: fit_within(photo, SCREEN)),
        "width": width,
        "height": height,
        "alt": f"The photo: {photos.name(asked.photo)}",
        "grid": list(grid),
    }
    if credit := photos.credit(asked.photo):
        said["legend"] = {"what": credit}
    if seen.fit == "crop":
        left, top, right, bottom = seen.box
        said["box"] = [left / width, top / height, right / width, bottom / height]
    return said


def thumbnail(key: str, caption: str, shown: Drawable, drawing: Drawing, note: str = "") -> Item:
    """Make the small picture of a map."""
    return {
        "key": key,
        "src": drawing.url(shown, THUMBNAIL),
        "caption": caption,
        "note": note,
        "alt": f"{shown.title}. Strongest: {shown.strongest}.",
        "title": f"Strongest: {shown.strongest}",
    }


def ratio(seen: Prepared) -> float:
    """Give width over height of the maps, kept from being extreme."""
    height, width = seen.view.shape[:2]
    return float(min(2.0, max(0.5, width / height)))


def saw(seen: Prepared) -> str:
    """Say what part of the photo the model saw, and how large."""
    height, width = seen.view.shape[:2]
    ways = {"whole": "whole photo", "crop": "middle crop", "squash": "photo made square"}
    return f"{ways[seen.fit]}, {width} × {height} px"


def covered(shown: Drawable, keep: float) -> str:
    """Say how much of the picture holds the kept share."""
    area = float(viz.area(viz.threshold_mask(shown.values, keep)))
    return f"{keep:.0%} of the patches’ attention lies on {area:.1%} of the area"


def _legend(shown: Drawable, drawing: Drawing) -> Legend:
    """Say what the colours mean, or how much a mask covers."""
    if drawing.view != "overlay":
        return {"what": covered(shown, drawing.keep)}
    low, high = shown.limits(drawing.look.scale)
    scale = SCALES[drawing.look.scale]
    return {
        "colors": colors(drawing.look.colormap),
        "low": f"{low:.3g}",
        "high": f"{high:.3g}",
        "what": f"{shown.what} · scale: {scale[0].lower()}{scale[1:]}",
    }
