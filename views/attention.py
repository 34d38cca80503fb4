"""Attention maps: taken from a forward pass by layer and head."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.views import passes, patches
from heedmap.views.cache import MEGABYTE, kept
from heedmap.views.patches import Layers, Patch
from heedmap.views.request import OfPass, Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.models.families.order import Order
    from heedmap.viz.capture.attention import Maps

MEAN = "mean"  # instead of the index of a head: the mean of all


@dataclass(frozen=True)
class Source:
    """One kind of attention of a photo in a model.

    Attributes:
        request: the forward pass that it comes from.
        model: the title of the model.
        seen: what the model saw.
        maps: (heads, rows, cols) float32 for each layer.
        kind: an id of `viz.KINDS`.
        order: where the patches and the CLS tokens are among the model's tokens.
        patch: row and column of the patch that all maps are from, for the kind "patch".
        home: the kind that is shown without a patch; "" where no patch can be chosen.
        lead: the kind that the head to show first is looked for in.
        leading: its maps, as `maps`.
        outliers: for each layer (rows, cols) bool, which patches are outliers by their norm; empty
            where norms were not recorded, so that outliers are looked for in the maps.
    """

    request: Request
    model: str
    seen: Prepared
    maps: Maps | Layers
    kind: str
    order: Order
    patch: Patch | None = None
    home: str = ""
    lead: str = ""
    leading: Maps = ()
    outliers: tuple[np.ndarray, ...] = ()

    def without_outliers(self, layer: int, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps (..., rows, cols) of a layer without their outliers, and which these are."""
        return viz.hide_outliers(maps, hidden=self.outliers[layer] if self.outliers else None)

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return len(self.maps)

    @property
    def values(self) -> str:
        """What the values of its maps are, in words."""
        if self.patch is not None:
            row, column = self.patch
            return Phrase("attention from row {row}, column {column}", row=row, column=column)
        several = self.kind == "cls" and self.order.cls > 1
        own = viz.KINDS[self.kind].values
        if not several:
            return own
        return Phrase("{own}, mean of {count} CLS tokens", own=own, count=self.order.cls)

    def heads(self, layer: int | None = None) -> int:
        """How many heads a layer has; without a layer, how many every layer has at least."""
        layers = self.maps if layer is None else self.maps[layer : layer + 1]
        return min(len(heads) for heads in layers)

    @property
    def first(self) -> tuple[int, str]:
        """The layer and the head to show first; see `viz.clearest`."""
        found = _clearest(self, 0, self.depth)
        return (found.layer, str(found.head)) if found else (self.depth - 1, MEAN)

    def layer_name(self, layer: int) -> str:
        """The name of a layer."""
        if self.kind == "pool":
            return Phrase("Pooling head")
        return Phrase("Layer {layer}", layer=layer)


def source(
    adapter: Adapter, request: Request, kind: str | None = None, patch: Patch | None = None
) -> Source:
    """One kind of attention of a photo; runs the model unless that pass is cached.

    Args:
        adapter: the model that `request` names.
        request: the photo, the size and the fit.
        kind: an id of `viz.KINDS`; one that the model does not have becomes its first kind.
        patch: for the kind "patch", the middle one by default.

    Raises:
        HeedmapError: as `passes.attention`.
    """
    chosen = kind if kind in patches.kinds(adapter) else next(iter(adapter.kinds), "cls")
    recorded, seen = passes.attention(adapter, request, chosen == "tokens")
    home = adapter.kinds[0] if patches.KIND in patches.kinds(adapter) else ""
    if chosen == patches.KIND:
        place = patch or patches.middle(seen.grid)
        maps = patches.maps(adapter, request, place)
        lead = next(kind for kind in ("cls", "tokens", "windows") if kind in recorded.maps)
        return Source(
            request, adapter.title, seen, maps, chosen, adapter.order, place, home, lead,
            recorded.of(lead),
        )  # fmt: skip
    own = recorded.of(chosen)
    return Source(request, adapter.title, seen, own, chosen, adapter.order, None, home, chosen, own)


def same(adapter: Adapter, request: Request, other: Source) -> Source:
    """The same kind of attention in another model, from the patch at the same place.

    Raises:
        HeedmapError: as `source`.
    """
    if other.patch is None:
        return source(adapter, request, other.kind)
    grid, own = other.seen.grid, passes.attention(adapter, request)[1].grid
    row, column = (
        (2 * at + 1) * n // (2 * of) for at, n, of in zip(other.patch, own, grid, strict=True)
    )
    return source(adapter, request, other.kind, (row, column))


def with_norms(adapter: Adapter, request: Request, source: Source) -> Source:
    """A source whose outliers are those by norm, where its model has norms of tokens.

    Raises:
        HeedmapError: as `passes.norms`.
    """
    norms = passes.norms(adapter, request)
    if len(norms) != source.depth or norms[0].shape != source.seen.grid:
        return source
    return replace(source, outliers=tuple(viz.norm_outliers(each) for each in norms))


@dataclass(frozen=True)
class Map(OfPass):
    """One map of a source: a layer, and a head or the mean of all; outliers hidden or not."""

    source: Source
    layer: int
    head: str = MEAN  # an index, or MEAN
    hide: bool = False

    @property
    def key(self) -> Hashable:
        """What distinguishes it from all other maps of the same pass."""
        by_norm = bool(self.source.outliers)
        return self.source.kind, self.source.patch, self.layer, self.head, self.hide, by_norm

    @property
    def title(self) -> str:
        """Its name."""
        return Phrase("{layer}, {head}", layer=self.layer_name, head=self.head_name)

    @property
    def layer_name(self) -> str:
        """The name of its layer."""
        return self.source.layer_name(self.layer)

    @property
    def head_name(self) -> str:
        """The name of its head."""
        return head_name(self.head)

    @property
    def what(self) -> str:
        """What its values are, in words."""
        return self.source.values

    @property
    def label(self) -> str:
        """What is hidden, in words; "" if nothing is."""
        if not self.hide:
            return ""
        count = int(self._without_outliers[1].sum())
        how = Phrase("by norm" if self.source.outliers else "by this map")
        if not count:
            return Phrase("no outlier patch {how} to hide", how=how)
        if count == 1:
            return Phrase("1 outlier patch {how} hidden, renormalised", how=how)
        return Phrase("{count} outlier patches {how} hidden, renormalised", count=count, how=how)

    @property
    def signed(self) -> bool:
        """Attention is never negative."""
        return False

    @property
    def strongest(self) -> str:
        """Where the strongest patch is, and its share."""
        row, column, share = viz.strongest_patch(self.values)
        return Phrase(
            "row {row}, column {column} (from 0) holds {share}",
            row=row, column=column, share=percent(share),
        )  # fmt: skip

    @property
    def on_patches(self) -> float:
        """The share of the attention that goes to patches, 0 to 1; prefix tokens get the rest."""
        return float(self._recorded.sum(dtype=np.float64))

    @cached_property
    def values(self) -> np.ndarray:
        """The values as shown, outliers hidden if asked: (rows, cols) float32."""
        return self._without_outliers[0] if self.hide else self._recorded

    def limits(self, scale: str) -> tuple[float, float]:
        """The values at the two ends of the colour bar.

        The scale "layer" spans all heads of the layer, "layers" this head in all layers, and
        "model" all heads of all layers.
        """
        shown = list(self._scaled(scale))
        return float(min(maps.min() for maps in shown)), float(max(maps.max() for maps in shown))

    def _scaled(self, scale: str) -> Iterator[np.ndarray]:
        """All values that a colour scale spans; layers may differ in shape."""
        if scale == "map":
            yield self.values
        elif scale == "layers":
            yield from (each.values for each in layers(self))
        else:
            every = range(self.source.depth) if scale == "model" else [self.layer]
            for layer in every:
                maps = self.source.maps[layer]
                yield self.source.without_outliers(layer, maps)[0] if self.hide else maps

    @cached_property
    def _without_outliers(self) -> tuple[np.ndarray, np.ndarray]:
        return self.source.without_outliers(self.layer, self._recorded)

    @property
    def _recorded(self) -> np.ndarray:
        layer = self.source.maps[self.layer]
        return viz.head_mean(layer) if self.head == MEAN else np.asarray(layer[int(self.head)])


def clearest_head(source: Source, layer: int) -> str:
    """The head of a layer to show first; see `viz.clearest`."""
    found = _clearest(source, layer, layer + 1)
    return str(found.head) if found else MEAN


@kept(
    MEGABYTE,
    lambda _: 256,
    key=lambda source, start, end: (source.request, source.lead, start, end),
)
def _clearest(source: Source, start: int, end: int) -> viz.Head | None:
    """The clearest head of some layers; it stays while a patch moves."""
    return viz.clearest(list(source.leading[start:end]))


def heads(shown: Map) -> list[Map]:
    """The mean and all heads of the layer of a map."""
    count = shown.source.heads(shown.layer)
    return [replace(shown, head=head) for head in (MEAN, *map(str, range(count)))]


def layers(shown: Map) -> list[Map]:
    """All layers, for the head of a map."""
    return [replace(shown, layer=layer) for layer in range(shown.source.depth)]


def head_name(head: str) -> str:
    """The name of a head."""
    return Phrase("mean of all heads") if head == MEAN else Phrase("head {head}", head=head)


def head_caption(head: str) -> str:
    """The name of a head under its thumbnail."""
    return Phrase("Mean") if head == MEAN else Phrase("Head {head}", head=head)


def percent(share: float) -> str:
    """A share in percent: only nothing is 0% and only all is 100%, however small what is left."""
    if 0.9995 <= share < 1:
        return Phrase("over 99.9%")
    return f"{share:.1%}" if share >= 0.001 else f"{100 * share:.2g}%"
