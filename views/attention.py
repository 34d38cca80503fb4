"""Attention maps: taken from a forward pass by layer and head."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.views import passes
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
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
        has_cls: whether the first token of the model is a CLS token.
    """

    request: Request
    model: str
    seen: Prepared
    maps: Maps
    kind: str
    has_cls: bool

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return len(self.maps)

    @property
    def values(self) -> str:
        """What the values of its maps are, in words."""
        return viz.KINDS[self.kind].values

    def heads(self, layer: int | None = None) -> int:
        """How many heads a layer has; without a layer, how many every layer has at least."""
        layers = self.maps if layer is None else self.maps[layer : layer + 1]
        return min(len(heads) for heads in layers)

    def layer_name(self, layer: int) -> str:
        """The name of a layer."""
        return "Pooling head" if self.kind == "pool" else f"Layer {layer}"


def source(adapter: Adapter, request: Request, kind: str | None = None) -> Source:
    """One kind of attention of a photo; runs the model unless that pass is cached.

    Args:
        adapter: the model that `request` names.
        request: the photo, the size and the fit.
        kind: an id of `viz.KINDS`; one that the model does not have becomes its first kind.

    Raises:
        HeedmapError: as `passes.attention`.
    """
    chosen = kind if kind in adapter.kinds else next(iter(adapter.kinds), "cls")
    recorded, seen = passes.attention(adapter, request, chosen == "tokens")
    has_cls = recorded.cls is not None
    return Source(request, adapter.title, seen, recorded.of(chosen), chosen, has_cls)


@dataclass(frozen=True)
class Map:
    """One map of a source: a layer, and a head or the mean of all; outliers hidden or not."""

    source: Source
    layer: int
    head: str = MEAN  # an index, or MEAN
    hide: bool = False

    @property
    def request(self) -> Request:
        """The forward pass that it comes from."""
        return self.source.request

    @property
    def seen(self) -> Prepared:
        """What the model saw."""
        return self.source.seen

    @property
    def key(self) -> Hashable:
        """What distinguishes it from all other maps of the same pass."""
        return self.source.kind, self.layer, self.head, self.hide

    @property
    def title(self) -> str:
        """Its name."""
        return f"{self.layer_name}, {self.head_name}"

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
        count = int(viz.outliers(self._recorded).sum())
        if not count:
            return "no outlier patch to hide"
        return f"{count} outlier {'patch' if count == 1 else 'patches'} hidden, renormalised"

    @property
    def signed(self) -> bool:
        """Attention is never negative."""
        return False

    @property
    def strongest(self) -> str:
        """Where the strongest patch is, and its share."""
        row, column, share = viz.strongest_patch(self.values)
        return f"row {row}, column {column} holds {percent(share)}"

    @property
    def on_patches(self) -> float:
        """The share of the attention that goes to patches, 0 to 1; prefix tokens get the rest."""
        return float(self._recorded.sum(dtype=np.float64))

    @cached_property
    def values(self) -> np.ndarray:
        """The values as shown, outliers hidden if asked: (rows, cols) float32."""
        return viz.hide_outliers(self._recorded)[0] if self.hide else self._recorded

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
            own = slice(self.layer, self.layer + 1)
            for maps in self.source.maps if scale == "model" else self.source.maps[own]:
                yield viz.hide_outliers(maps)[0] if self.hide else maps

    @property
    def _recorded(self) -> np.ndarray:
        layer = self.source.maps[self.layer]
        return viz.head_mean(layer) if self.head == MEAN else np.asarray(layer[int(self.head)])


def heads(shown: Map) -> list[Map]:
    """The mean and all heads of the layer of a map."""
    count = shown.source.heads(shown.layer)
    return [replace(shown, head=head) for head in (MEAN, *map(str, range(count)))]


def layers(shown: Map) -> list[Map]:
    """All layers, for the head of a map."""
    return [replace(shown, layer=layer) for layer in range(shown.source.depth)]


def head_name(head: str) -> str:
    """The name of a head."""
    return "mean of all heads" if head == MEAN else f"head {head}"


def head_caption(head: str) -> str:
    """The name of a head under its thumbnail."""
    return "Mean" if head == MEAN else f"Head {head}"


def percent(share: float) -> str:
    """A share in percent; on a fine grid even the strongest patch may hold little."""
    return f"{share:.1%}" if share >= 0.001 else f"{100 * share:.2g}%"
