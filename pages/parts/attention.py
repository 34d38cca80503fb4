"""Attention maps: taken from a record by layer and head, and what is said of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

import models
import viz

from .components import Item, Panel
from .drawing import Drawing, panel, saw, thumbnail
from .records import Request

if TYPE_CHECKING:
    from models import Prepared
    from viz import Attention

MEAN = "mean"  # the head that stands for all
KINDS = {"cls": "attention from CLS", "tokens": "mean attention token to token"}


@dataclass(frozen=True)
class Source:
    """The record that maps are taken from: (layers, heads, rows, cols) float32."""

    asked: Request
    seen: Prepared
    maps: np.ndarray
    kind: str  # a key of KINDS

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
    return Source(asked, seen, record.token_mean, "tokens")


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
        head = "mean of all heads" if self.head == MEAN else f"head {self.head}"
        return f"Layer {self.layer}, {head}"

    @property
    def what(self) -> str:
        """What its values are."""
        return KINDS[self.source.kind]

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
        return f"row {row}, column {column} holds {share:.1%}"

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
        if scale == "map":
            maps = self.values
        elif scale == "layers":
            layers = range(self.source.depth)
            maps = np.stack([replace(self, layer=layer).values for layer in layers])
        else:
            maps = self.source.maps if scale == "model" else self.source.maps[self.layer]
            maps = viz.hide_outliers(maps)[0] if self.hide else maps
        return float(maps.min()), float(maps.max())

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


def heads(shown: Map, drawing: Drawing) -> list[Item]:
    """Make the thumbnails of the mean and of all heads of a layer."""
    names = {MEAN: "Mean", **{str(head): f"Head {head}" for head in range(shown.source.heads)}}
    return [
        thumbnail(head, name, replace(shown, head=head), drawing) for head, name in names.items()
    ]


def layers(shown: Map, drawing: Drawing) -> list[Item]:
    """Make the thumbnails of all layers, for one head or the mean."""
    return [
        thumbnail(str(layer), f"Layer {layer}", replace(shown, layer=layer), drawing)
        for layer in range(shown.source.depth)
    ]


def facts(shown: Map) -> list[tuple[str, str]]:
    """Tell what always has to be known: the model, what it saw, and which map this is."""
    return [
        *sight(shown.source),
        ("Layer", among(str(shown.layer), shown.source.depth)),
        ("Head", among(shown.head, shown.source.heads)),
        ("Strongest", shown.strongest),
        ("On patches", shown.reach),
    ]


def sight(source: Source) -> list[tuple[str, str]]:
    """Tell the model and what it saw."""
    rows, columns = source.seen.grid
    return [
        ("Model", models.record(source.asked.model).title),
        ("Saw", saw(source.seen)),
        ("Grid", f"{rows} × {columns} patches of {source.seen.patch} px"),
        ("Prefix tokens", _prefix(source.seen.prefix)),
    ]


def beside(shown: Map) -> list[tuple[str, str]]:
    """Tell the same of the map that stands beside the first, in short."""
    rows, columns = shown.seen.grid
    title = models.record(shown.asked.model).title
    return [
        ("Beside", f"{title}, {saw(shown.seen)}, grid {rows} × {columns}"),
        ("Strongest there", shown.strongest),
    ]


def among(which: str, count: int) -> str:
    """Say which of how many, counted from 0."""
    return f"mean of {count}" if which == MEAN else f"{which} (first 0, last {count - 1})"


def _prefix(count: int) -> str:
    """Name the tokens before the patches."""
    if count < 2:
        return "1 (CLS)" if count else "none"
    return f"{count} (CLS and {count - 1} more)"
