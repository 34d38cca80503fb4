"""What the patches of a photo hold: similarity to one of them, colours by PCA, norms."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.views import passes, photos
from heedmap.views.attention import Map, percent
from heedmap.views.data_urls import base64_of
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.views.patches import Patch
    from heedmap.viz import Features


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

    @property
    def name(self) -> str:
        """The name of the photo."""
        return photos.name(self.request.photo)

    @property
    def outliers(self) -> np.ndarray:
        """Which patches are outliers by their norm: (rows, cols) bool."""
        return viz.norm_outliers(self.features.norms)

    @property
    def units(self) -> str:
        """The features at length 1, for the browser: base64 of (patches, dim) float16."""
        patches = self.features.patches.reshape(len(self.features.patches), -1).T
        lengths = np.linalg.norm(patches, axis=1, keepdims=True)
        units = np.divide(patches, lengths, out=np.zeros_like(patches), where=lengths > 0)
        return base64_of(units.astype(np.float16))


@dataclass(frozen=True)
class Shown:
    """A map of features, as `render.Drawable` has it, and the ends of its colour bar."""

    held: Held
    title: str
    what: str
    values: np.ndarray
    ends: tuple[float, float]
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
        return "features", self.held.block, self.what, self.ends

    @property
    def strongest(self) -> str:
        """Where it is greatest."""
        row, col = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return Phrase(
            "row {row}, column {column} has {value:.3g}",
            row=row, column=col, value=self.values[row, col],
        )  # fmt: skip

    def limits(self, scale: str) -> tuple[float, float]:
        """The ends of its colour bar, on every scale."""
        return self.ends


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


def second(adapter: Adapter, own: Held, photo: str) -> Held:
    """The same block for a second photo, of the same size and fit.

    Raises:
        HeedmapError: as `passes.features`.
    """
    return held(adapter, replace(own.request, photo=photo), own.block)


def query_of(hero: Map) -> Patch:
    """The patch to compare with: the pinned one, else the strongest of the map."""
    if hero.source.patch is not None:
        return hero.source.patch
    rows, cols = hero.values.shape
    row, col, _ = viz.strongest_patch(hero.values)
    grid = hero.seen.grid  # that of a layer with windows may be coarser
    return row * grid[0] // rows, col * grid[1] // cols


def similarity(shown: Sequence[Held], patch: Patch) -> list[Shown]:
    """Cosine similarity of a patch of the first photo to all patches of each, on one scale."""
    own = shown[0].features.patches
    maps = [viz.similarity(own, patch, each.features.patches) for each in shown]
    what = Phrase("cosine similarity to row {row}, column {column}", row=patch[0], column=patch[1])
    return _on_one_scale(shown, maps, Phrase("Similar patches"), what)


def norms(shown: Sequence[Held]) -> list[Shown]:
    """The norms of the patches of each photo, on one scale."""
    maps = [each.features.norms for each in shown]
    return _on_one_scale(shown, maps, Phrase("Norms"), Phrase("norm of the residual stream"))


def colours(shown: Sequence[Held], threshold: float) -> viz.Colours:
    """The features of one or two photos as colours, joint over both; see `viz.colours_of`."""
    return viz.colours_of([each.features.patches for each in shown], threshold)


def titled(title: str, shown: Sequence[Held]) -> list[str]:
    """The title of a picture of each photo; it names the photo where there are two."""
    return [
        Phrase("{title}: {photo}", title=title, photo=each.name) if len(shown) > 1 else title
        for each in shown
    ]


def told_outliers(own: Held, hero: Map, adapter: Adapter) -> str:
    """How many patches are outliers by their norm, and what share of CLS's attention they have."""
    lengths, mask = own.features.norms, own.outliers
    count = int(mask.sum())
    if not count:
        low, high = float(lengths.min()), float(lengths.max())
        return Phrase(
            "No patch stands out by its norm: they lie between {low:.3g} and {high:.3g}.",
            low=low, high=high,
        )  # fmt: skip
    least, usual = float(lengths[mask].min()), float(np.median(lengths))
    norms = {"least": least, "usual": usual}
    words = (
        Phrase("1 patch has a norm from {least:.3g} up, where {usual:.3g} is usual.", **norms)
        if count == 1
        else Phrase(
            "{count} patches have norms from {least:.3g} up, where {usual:.3g} is usual.",
            count=count, **norms,
        )
    )  # fmt: skip
    recorded, _ = passes.attention(adapter, own.request)
    if recorded.cls is None:
        return words
    share = viz.cls_shares(recorded, mask)["outliers"]
    layer = min(hero.layer, len(share) - 1)
    shares = {"share": percent(float(share[layer].mean())), "part": percent(count / mask.size)}
    return Phrase(
        "{norms} CLS gives it {share} of its attention in layer {layer}, all heads averaged; it is "
        "{part} of the patches."
        if count == 1
        else "{norms} CLS gives them {share} of its attention in layer {layer}, all heads "
        "averaged; they are {part} of the patches.",
        norms=words, layer=layer, **shares,
    )  # fmt: skip


def _on_one_scale(
    shown: Sequence[Held], maps: Sequence[np.ndarray], title: str, what: str
) -> list[Shown]:
    ends = float(min(each.min() for each in maps)), float(max(each.max() for each in maps))
    titles = titled(title, shown)
    return [
        Shown(each, title, what, values, ends)
        for each, title, values in zip(shown, titles, maps, strict=True)
    ]
