"""What the patches of a photo hold: similarity to one of them, colours by PCA, norms."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.views import data_urls, passes, photos, render
from heedmap.views.attention import Map, percent
from heedmap.views.render import Look
from heedmap.views.request import Request
from PIL import Image

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.viz import Features

_SIDE = 560  # px, long side of a picture


@dataclass(frozen=True)
class Held:
    """The features of a photo after one block of a model.

    Attributes:
        request: the forward pass.
        seen: what the model saw.
        block: its number, from 0.
        features: of the tokens.
    """

    request: Request
    seen: Prepared
    block: int
    features: Features


@dataclass(frozen=True)
class Shown:
    """A map of features, as `render.Drawable` has it."""

    held: Held
    title: str
    what: str
    values: np.ndarray
    label: str = ""
    signed: bool = False

    @property
    def request(self) -> Request:
        """The forward pass that it comes from."""
        return self.held.request

    @property
    def seen(self) -> Prepared:
        """What the model saw."""
        return self.held.seen

    @property
    def key(self) -> Hashable:
        """What distinguishes it from all other maps of the same pass."""
        return "features", self.held.block, self.title

    @property
    def strongest(self) -> str:
        """Where it is greatest."""
        row, col = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return f"row {row}, column {col} has {self.values[row, col]:.3g}"

    def limits(self, scale: str) -> tuple[float, float]:
        """Its least and its greatest value, on every scale."""
        return float(self.values.min()), float(self.values.max())


def held(adapter: Adapter, request: Request, layer: int) -> Held:
    """The features after the block of a layer; runs the model unless that pass is cached.

    Args:
        adapter: the model that `request` names.
        request: the forward pass.
        layer: a layer of attention; a model with fewer blocks gives its last.

    Raises:
        HeedmapError: as `passes.features`.
    """
    stream = adapter.stream
    block = min(layer, len(stream.blocks) - 1) if stream else layer
    found, seen = passes.features(adapter, request, block)
    return Held(request, seen, block, found)


def query_of(hero: Map) -> tuple[int, int]:
    """The patch to compare with: the pinned one, else the strongest of the map."""
    if hero.source.patch is not None:
        return hero.source.patch
    rows, cols = hero.values.shape
    row, col, _ = viz.strongest_patch(hero.values)
    grid = hero.seen.grid  # that of a layer with windows may be coarser
    return row * grid[0] // rows, col * grid[1] // cols


def similarity(own: Held, patch: tuple[int, int], there: Held | None = None) -> str:
    """Cosine similarity to one patch, drawn over its photo or a second one, as a data URL."""
    other = there or own
    others = None if there is None else there.features.patches
    values = viz.similarity(own.features.patches, patch, others)
    picture = _drawn(Shown(other, f"{patch}", "cosine similarity", values))
    if there is None:
        ring = np.zeros(values.shape, bool)
        ring[patch] = True
        picture = viz.contour(picture, ring, "white")
    return data_urls.encoded(picture)


def colours(shown: list[Held], threshold: float) -> tuple[list[str], viz.Colours]:
    """Features as colours, joint over one or two photos: a data URL for each, and what they are."""
    made = viz.colours_of([each.features.patches for each in shown], threshold)
    urls = []
    for each, picture in zip(shown, made.pictures, strict=True):
        height, width = render.base(each.request, each.seen, "photo", _SIDE).shape[:2]
        large = Image.fromarray(picture).resize((width, height), Image.Resampling.NEAREST)
        urls.append(data_urls.encoded(np.asarray(large), quality=92))
    return urls, made


def norms(own: Held) -> tuple[str, np.ndarray]:
    """Norms over the photo, outliers outlined, as a data URL; and which patches these are."""
    values = own.features.norms
    mask = viz.norm_outliers(values)
    picture = _drawn(Shown(own, "norms", "norm", values))
    return data_urls.encoded(viz.contour(picture, mask) if mask.any() else picture), mask


def told_outliers(own: Held, hero: Map, mask: np.ndarray, adapter: Adapter) -> str:
    """How many patches are outliers by their norm, and what share of CLS's attention they have."""
    count, lengths = int(mask.sum()), own.features.norms
    if not count:
        return (
            f"No patch stands out by its norm: they lie between {lengths.min():.3g} and "
            f"{lengths.max():.3g}."
        )
    least, usual = lengths[mask].min(), np.median(lengths)
    patches = "1 patch has a norm" if count == 1 else f"{count} patches have norms"
    words = f"{patches} from {least:.3g} up, where {usual:.3g} is usual."
    recorded, _ = passes.attention(adapter, own.request)
    if recorded.cls is None:
        return words
    share = viz.cls_shares(recorded, mask)["outliers"]
    mean = float(share[min(hero.layer, len(share) - 1)].mean())
    return (
        f"{words} CLS gives {'it' if count == 1 else 'them'} {percent(mean)} of its attention in "
        f"layer {min(hero.layer, len(share) - 1)}, all heads averaged; they are "
        f"{percent(count / mask.size)} of the patches."
    )


def photo_url(shown: Held) -> str:
    """The photo beside, as a data URL."""
    return data_urls.encoded(render.base(shown.request, shown.seen, "photo", _SIDE))


def second(own: Held, photo: str, adapter: Adapter) -> Held:
    """The same block for a second photo, of the same size and fit.

    Raises:
        HeedmapError: as `passes.features`.
    """
    return held(adapter, replace(own.request, photo=photo), own.block)


def name(shown: Held) -> str:
    """The name of the photo."""
    return photos.name(shown.request.photo)


def _drawn(shown: Shown) -> np.ndarray:
    look = Look(colormap="viridis", opacity=0.75, interpolation="nearest", fade=False)
    return render.drawn(shown, look, _SIDE)
