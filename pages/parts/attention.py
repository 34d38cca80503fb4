"""Attention maps: taken from a record by layer and head, and what is said of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from heedmap import models, viz
from heedmap.pages.parts import records
from heedmap.pages.parts.components import Panel
from heedmap.pages.parts.drawing import Drawing, panel, saw
from heedmap.pages.parts.records import Request

if TYPE_CHECKING:
    from heedmap.models import Prepared
    from heedmap.viz.capture.attention import Maps

MEAN = "mean"  # the head that stands for all


@dataclass(frozen=True)
class Source:
    """The record that maps are taken from: for each layer (heads, rows, cols) float32."""

    asked: Request
    seen: Prepared
    maps: Maps
    kind: str  # a key of viz.KINDS
    has_cls: bool

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return len(self.maps)

    @property
    def what(self) -> str:
        """What the values are."""
        return viz.KINDS[self.kind].values

    def heads(self, layer: int | None = None) -> int:
        """How many heads a layer has, or every layer at least."""
        layers = self.maps if layer is None else self.maps[layer : layer + 1]
        return min(len(heads) for heads in layers)

    def layer_name(self, layer: int) -> str:
        """Name a layer for people."""
        return "Pooling head" if self.kind == "pool" else f"Layer {layer}"


def source(asked: Request, kind: str) -> Source:
    """Run the model, or take what it showed before, for one kind of attention that it has.

    Raises:
        HeedmapError: a model that shows none, and why.
    """
    record, seen = records.attention(asked, kind == "tokens")
    return Source(asked, seen, record.of(kind), kind, record.cls is not None)


@dataclass(frozen=True)
class Map:
    """One map of a source: a layer, and a head or the mean of all; outliers hidden or not."""

    source: Source
    layer: int
    head: str  # an index, or MEAN
    hide: bool = False

    @property
    def asked(self) -> Request:
        """The forward pass that it comes from."""
        return self.source.asked

    @property
    def seen(self) -> Prepared:
        """What the model saw."""
        return self.source.seen

    @property
    def key(self) -> Hashable:
        """What tells it from all other maps of the same pass."""
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
        return "mean of all heads" if self.head == MEAN else f"head {self.head}"

    @property
    def what(self) -> str:
        """What its values are."""
        return self.source.what

    @property
    def label(self) -> str:
        """Say what is hidden, or nothing."""
        if not self.hide:
            return ""
        count = int(viz.outliers(self._recorded).sum())
        if not count:
            return "no outlier patch to hide"
        return f"{count} outlier {'patch' if count == 1 else 'patches'} hidden, renormalised"

    @property
    def strongest(self) -> str:
        """Say where the strongest patch is and what share it has."""
        row, column, share = viz.strongest_patch(self.values)
        return f"row {row}, column {column} holds {percent(share)}"

    @property
    def reach(self) -> str:
        """Say how much of the attention goes to patches; the prefix tokens get the rest."""
        share = float(self._recorded.sum(dtype=np.float64))
        return f"{share:.1%}, the rest on prefix tokens"

    @cached_property
    def values(self) -> np.ndarray:
        """The values as shown: without outliers where they are hidden, (rows, cols) float32."""
        return viz.hide_outliers(self._recorded)[0] if self.hide else self._recorded

    def limits(self, scale: str) -> tuple[float, float]:
        """Give the values at the two ends of the colour bar.

        The scale of a layer spans all its heads; "layers" spans this head in all layers; that of
        the model spans all heads of all layers.
        """
        shown = list(self._scaled(scale))
        return float(min(maps.min() for maps in shown)), float(max(maps.max() for maps in shown))

    def _scaled(self, scale: str) -> Iterator[np.ndarray]:
        """All values that a colour scale spans, layer by layer where they may differ in shape."""
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


def panels(shown: Sequence[Map], drawing: Drawing) -> list[Panel]:
    """Make the large pictures; where they come from several models, each says from which."""
    several = len({each.asked.model for each in shown}) > 1
    made = [panel(each, drawing, share=True) for each in shown]
    for one, each in zip(made, shown, strict=True):
        one["tag"] = models.record(each.asked.model).title if several else ""
    return made


def heads(shown: Map) -> list[Map]:
    """Give the mean and all heads of a layer."""
    count = shown.source.heads(shown.layer)
    return [replace(shown, head=head) for head in (MEAN, *map(str, range(count)))]


def layers(shown: Map) -> list[Map]:
    """Give all layers, for one head or the mean."""
    return [replace(shown, layer=layer) for layer in range(shown.source.depth)]


def facts(shown: Map) -> list[tuple[str, str]]:
    """Tell what always has to be known: the model, what it saw, and which map this is."""
    source = shown.source
    where = among(str(shown.layer), source.depth)
    return [
        *sight(shown),
        ("Layer", "the pooling head, behind the last" if source.kind == "pool" else where),
        ("Head", among(shown.head, source.heads(shown.layer))),
        ("Strongest", shown.strongest),
        *([("On patches", shown.reach)] if shown.seen.prefix else []),
    ]


def sight(shown: Map) -> list[tuple[str, str]]:
    """Tell the model, what it saw, and which attention this is."""
    rows, columns = shown.values.shape
    patch = round(shown.seen.view.shape[0] / rows)
    return [
        ("Model", models.record(shown.asked.model).title),
        ("Saw", saw(shown.seen)),
        ("Grid", f"{rows} × {columns} patches of {patch} px"),
        ("Prefix tokens", _prefix(shown.seen.prefix, shown.source.has_cls)),
        ("Attention", shown.what),
    ]


def beside(shown: Map) -> list[tuple[str, str]]:
    """Tell the same of the map that stands beside the first, in short."""
    rows, columns = shown.values.shape
    title = models.record(shown.asked.model).title
    return [
        ("Beside", f"{title}, {shown.what}, {saw(shown.seen)}, grid {rows} × {columns}"),
        ("Strongest there", shown.strongest),
    ]


def among(which: str, count: int) -> str:
    """Say which of how many, counted from 0."""
    return f"mean of {count}" if which == MEAN else f"{which} (first 0, last {count - 1})"


def percent(share: float) -> str:
    """Say a share; of a fine grid even the strongest patch may hold little."""
    return f"{share:.1%}" if share >= 0.001 else f"{100 * share:.2g}%"


def _prefix(count: int, has_cls: bool) -> str:
    """Name the tokens before the patches."""
    if not count:
        return "none"
    if not has_cls:
        return f"{count} (no CLS)"
    return f"{count} (CLS and {count - 1} more)" if count > 1 else "1 (CLS)"
