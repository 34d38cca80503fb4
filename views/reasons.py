"""Maps of several methods for one photo in one model, on one grid and one scale."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase, join, number
from heedmap.views import asked as asking
from heedmap.views.asked import Asked
from heedmap.views.request import OfPass
from heedmap.views.why import Source

if TYPE_CHECKING:
    from heedmap.models import Adapter

METHODS = "methods"  # the colour scale that spans all methods


@dataclass(frozen=True, eq=False)
class Reason(OfPass):
    """The map of one method.

    Attributes:
        source: the photo in a model.
        asked: what the method was asked.
        found: what it said.
        ends: of the scale that all methods share, where that is shown: values are then multiples
            of their mean size. None for the method's own unit.
        learned: for a map with random weights the one with those that were learned.
    """

    source: Source
    asked: Asked
    found: viz.Explanation
    ends: tuple[float, float] | None = None
    learned: viz.Explanation | None = None

    @property
    def key(self) -> Hashable:
        """What distinguishes it from all other maps of the same pass."""
        return "why", self.asked, self.ends

    @property
    def method(self) -> viz.Method:
        """What it assumes and reads."""
        return viz.METHODS[self.asked.method]

    @property
    def title(self) -> str:
        """Its name, and the layer where that is not its default."""
        layers, layer = self.source.layers[self.asked.method], self.asked.layer
        if layer in (None, layers.default):
            return self.method.name
        return Phrase(
            "{method}, {layer}", method=self.method.name, layer=layer_name(layers.role, layer)
        )

    @property
    def what(self) -> str:
        """What its values are, in words."""
        return Phrase("{about}, 1: its mean", about=self.about) if self.ends else self.about

    @property
    def about(self) -> str:
        """What was asked about, in words."""
        if not self.method.wants_target:
            return Phrase(
                "the same for every class" if self.source.classes else "the same for any target"
            )
        if self.asked.target is None:
            return Phrase("what raises the norm of the features")
        if isinstance(self.asked.target, tuple):
            return Phrase("what speaks for {target}", target=self.found.target)
        return Phrase("what speaks for “{target}”", target=self.found.target)

    @property
    def label(self) -> str:
        """What must be told with the picture: that a map is flat, or whose weights it is of."""
        flat = [Phrase("this map is the same everywhere")] * (not np.ptp(self.found.heat))
        return join([*self._random, *flat], "{one} · {other}")

    @property
    def _random(self) -> list[str]:
        """How alike the map of random weights ranks the places, as a sanity check."""
        if not self.asked.random:
            return []
        known = self.learned
        alike = None if known is None else viz.rank_correlation(known.heat, self.found.heat)
        if alike is None:
            return [Phrase("random weights")]
        return [
            Phrase(
                "random weights, rank correlation {alike} with the learned ones",
                alike=number(alike, ".2f"),
            )
        ]

    @property
    def signed(self) -> bool:
        """Whether what speaks against the target is below 0, as of one class less another."""
        return self.found.signed

    @cached_property
    def values(self) -> np.ndarray:
        """(rows, cols) float32."""
        return self.found.heat if self.ends is None else in_means(self.found.heat)

    def limits(self, scale: str) -> tuple[float, float]:
        """The values at the two ends of the colour bar."""
        if scale == METHODS and self.ends:
            return self.ends
        return float(self.values.min()), float(self.values.max())


@dataclass(frozen=True)
class Waiting:
    """A result that is not there.

    Attributes:
        asked: the map, or the one that is tested.
        says: what is told in its place.
        make: makes it; None where that has failed.
    """

    asked: Asked
    says: str
    make: Callable[[], None] | None = None


def reason(adapter: Adapter, source: Source, method: str) -> Reason:
    """The map of a method for the most probable class; runs the model unless that is cached.

    Raises:
        HeedmapError: as `asked.explanation`.
    """
    classes = source.classes
    best = classes.index(classes.best(1)[0][0]) if classes else None
    wanted = source.asked(method, best, source.layers[method].default)
    return Reason(source, wanted, asking.explanation(adapter, wanted))


def beside(
    learned: Sequence[Reason | Waiting], random: Sequence[Reason | Waiting]
) -> list[Reason | Waiting]:
    """Maps with random weights, each with the one of the learned weights to tell it from."""
    return [
        replace(each, learned=own.found)
        if isinstance(each, Reason) and isinstance(own, Reason)
        else each
        for own, each in zip(learned, random, strict=True)
    ]


def in_means(heat: np.ndarray) -> np.ndarray:
    """A map (rows, cols) as multiples of its mean size, which all methods have; 0 stays 0."""
    mean = float(np.abs(heat).mean(dtype=np.float64))
    return np.asarray(heat / mean if mean > 0 else heat, np.float32)


def on_one_scale(shown: Sequence[Reason]) -> list[Reason]:
    """Maps as multiples of their mean size; the ends span all that have a sign, or have none."""
    ends = {}
    for signed in {each.signed for each in shown}:
        every = [in_means(each.found.heat) for each in shown if each.signed == signed]
        ends[signed] = (float(min(m.min() for m in every)), float(max(m.max() for m in every)))
    return [replace(each, ends=ends[each.signed]) for each in shown]


def agreement(shown: Sequence[Reason]) -> dict[tuple[int, int], float | None]:
    """Spearman's rank correlation of each pair of maps, by their places; None for a flat one.

    Maps of unlike grids are compared on one that fits both.
    """
    found = {}
    for (i, one), (j, other) in combinations(enumerate(shown), 2):
        common = viz.common_grid(one.found.heat, other.found.heat)
        found[i, j] = viz.rank_correlation(common.first, common.second)
    return found


def layer_name(role: str, layer: asking.Layer) -> str:
    """A layer, or a first and a last one, in words."""
    if isinstance(layer, tuple):
        return Phrase("layers {first} to {last}", first=layer[0], last=layer[1])
    if role == "start":
        return Phrase("from layer {layer}", layer=layer)
    return Phrase("layer {layer}", layer=layer) if isinstance(layer, int) else str(layer)
