"""Maps as pictures: how they look and what they are drawn over."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase, join
from heedmap.views import photos
from heedmap.views.cache import MEGABYTE, kept
from heedmap.views.request import Request
from heedmap.viz.draw.overlay import centred
from heedmap.viz.photo.region import fit_within

if TYPE_CHECKING:
    from heedmap.models import Prepared

SCREEN = 1024  # px, long side of a large picture
THUMBNAIL = 288  # px, long side of a small one

VIEWS = {
    "overlay": Phrase("Overlay"),
    "mask": Phrase("Mask"),
    "highlight": Phrase("Highlight"),
    "contour": Phrase("Contour"),
}
SCALES = {
    "map": Phrase("This map"),
    "layer": Phrase("This layer"),
    "layers": Phrase("Common to all layers"),
    "model": Phrase("All heads of all layers"),
    "both": Phrase("Common to both maps"),
    "columns": Phrase("Common to all columns"),
    "methods": Phrase("Common to all methods"),
    "words": Phrase("Common to all texts"),
}


class Drawable(Protocol):
    """A map of one photo in one model, with the words that describe it."""

    @property
    def request(self) -> Request:
        """The forward pass that it comes from."""

    @property
    def seen(self) -> Prepared:
        """What the model saw."""

    @property
    def key(self) -> Hashable:
        """What distinguishes it from all other maps of the same pass."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def what(self) -> str:
        """What its values are, in words."""

    @property
    def label(self) -> str:
        """What must be told with the picture; "" for nothing."""

    @property
    def signed(self) -> bool:
        """Whether its values have a sign, so that its colours diverge from zero."""

    @property
    def strongest(self) -> str:
        """Where it is strongest, in words."""

    @property
    def values(self) -> np.ndarray:
        """(rows, cols) float32."""

    def limits(self, scale: str) -> tuple[float, float]:
        """The values at the two ends of the colour bar, for a key of `SCALES`."""


@dataclass(frozen=True)
class Look:
    """How maps are drawn, the same for all maps of a page.

    Attributes:
        colormap: a name of `viz.COLORMAPS`.
        diverging: a name of `viz.DIVERGING`, for signed maps.
        fade: whether transparency follows the value; see `viz.Overlay`.
        opacity: of the colours over the photo, 0 to 1.
        interpolation: a name of `viz.INTERPOLATIONS`.
        patch_grid: whether lines are drawn between patches.
        over: "photo", sharp, or "model", the pixels that the model saw.
        scale: a key of `SCALES`.
        view: a key of `VIEWS`.
        keep: the share of the mass that a mask keeps, 0 to 1.
    """

    colormap: str = "inferno"
    opacity: float = 0.9
    interpolation: str = "bicubic"
    patch_grid: bool = False
    over: str = "photo"
    scale: str = "map"
    view: str = "overlay"
    keep: float = 0.6
    fade: bool = True
    diverging: str = "RdBu_r"


def drawn(shown: Drawable, look: Look, long_side: int = SCREEN) -> np.ndarray:
    """A map over its photo, (h, w, 3) uint8."""
    return draw(shown, look, base(shown.request, shown.seen, look.over, long_side))


def draw(shown: Drawable, look: Look, base: np.ndarray) -> np.ndarray:
    """A map over a picture of what the model saw, (h, w, 3) uint8; `base` is not written to."""
    if look.view == "overlay":
        return overlay(shown, look)(base, shown.values)
    mask = viz.threshold_mask(shown.values, look.keep)
    if look.view == "mask":
        return viz.draw_mask(mask, (base.shape[0], base.shape[1]))
    return viz.highlight(base, mask) if look.view == "highlight" else viz.contour(base, mask)


def plain(base: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """A bare map (rows, cols) over a picture, as the pages draw it at first, (h, w, 3) uint8."""
    look, signed = Look(), bool(heat.min() < 0)
    colormap = look.diverging if signed else look.colormap
    draw = viz.Overlay(colormap, look.opacity, look.interpolation, fade=look.fade, signed=signed)
    return draw(base, heat)


def overlay(shown: Drawable, look: Look) -> viz.Overlay:
    """The settings that a map is drawn with."""
    return viz.Overlay(
        colormap=look.diverging if shown.signed else look.colormap,
        opacity=look.opacity,
        interpolation=look.interpolation,
        limits=shown.limits(look.scale),
        patch_grid=look.patch_grid,
        fade=look.fade,
        signed=shown.signed,
    )


@kept(
    64 * MEGABYTE,
    lambda picture: picture.nbytes,
    key=lambda request, seen, over="photo", long_side=SCREEN: (request, seen.box, over, long_side),
)
def base(
    request: Request, seen: Prepared, over: str = "photo", long_side: int = SCREEN
) -> np.ndarray:
    """What maps are drawn over, (h, w, 3) uint8: the region that the model saw.

    Args:
        request: the forward pass.
        seen: what the model saw in it.
        over: "photo", sharp, or "model", in the model's own pixels.
        long_side: px.
    """
    if over == "photo":
        region = viz.region(photos.pixels(request.photo), seen.box, SCREEN)
    else:
        region = viz.enlarged(seen.view, SCREEN)
    return fit_within(region, long_side)


def limits(shown: Drawable, scale: str) -> tuple[float, float]:
    """The values at the two ends of the colour bar; zero is in the middle of a signed map's."""
    low, high = shown.limits(scale)
    return centred(low, high) if shown.signed else (low, high)


def even(count: int, most: int) -> int:
    """The columns that fill rows evenly: for rows of at most 8, 7 -> 7, 13 -> 7, 17 -> 6."""
    rows = -(-count // most)
    return -(-count // max(1, rows))


def alt(shown: Drawable, look: Look) -> str:
    """Alternative text: what a picture shows."""
    photo = photos.name(shown.request.photo)
    told = Phrase(
        "{view} of {what} on “{photo}”: {title}. Strongest: {place}.",
        view=VIEWS[look.view], what=shown.what, photo=photo, title=shown.title,
        place=shown.strongest,
    )  # fmt: skip
    return (
        join([told, Phrase("({label})", label=shown.label)], "{one} {other}")
        if shown.label
        else told
    )
