"""Why: the maps of several methods for one photo in one model, on one grid and one scale."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from heedmap import models, viz
from heedmap.errors import CaptureError
from heedmap.views import asked as asking
from heedmap.views.asked import Asked
from heedmap.views.classes import Classes, classes_of
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

METHODS = "methods"  # the colour scale that spans all methods
FIRST = 4  # methods that are shown at first
READS = {
    "attention": "reads attention", "gradients": "reads gradients",
    "both": "reads attention and gradients",
}  # fmt: skip


@dataclass(frozen=True)
class Layers:
    """The layers that a method can be asked about.

    Attributes:
        options: their indices or names.
        default: the one that is asked about at first.
        role: "layer" of attention, "start" of a way through all layers, or "cam".
    """

    options: tuple[int | str, ...]
    default: int | str
    role: str


@dataclass(frozen=True)
class Source:
    """A photo in a model that can be asked why.

    Attributes:
        request: the photo, the model and what it sees.
        model: the title of the model.
        seen: what the model saw.
        classes: the classes that it knows, None for a model without.
        layers: for each method that it can do.
        refusals: for each other method why not, one sentence.
    """

    request: Request
    model: str
    seen: Prepared
    classes: Classes | None
    layers: dict[str, Layers]
    refusals: dict[str, str]

    @property
    def methods(self) -> list[str]:
        """The methods that it can do."""
        return list(self.layers)

    @property
    def cannot(self) -> list[str]:
        """Why it cannot do the others, a sentence for all that fail alike."""
        alike: dict[str, list[str]] = {}
        for method, why in self.refusals.items():
            name = viz.METHODS[method].name
            alike.setdefault(why.removeprefix(name).split(":")[0], []).append(name)
        return [_sentence(names, why) for why, names in alike.items()]

    def asked(self, method: str, target: str, less: str, layer: int | str) -> Asked:
        """What a method is asked: about a class, or one less another, both by name."""
        classes = self.classes
        if classes is None or not viz.METHODS[method].wants_target:
            return Asked(self.request, method, None, layer)
        one = classes.index(target)
        about = (one, classes.index(less)) if less else one
        return Asked(self.request, method, about, layer)


def source(adapter: Adapter, request: Request, _: object = None) -> Source:
    """A photo in a model, and what can be asked of it; runs the model unless that is cached.

    Raises:
        CaptureError: a model for which no method is defined.
        HeedmapError: as `asked.output`.
    """
    refusals = {method: _refusal(adapter, method) for method in viz.METHODS}
    layers = {method: _layers(adapter, method) for method, why in refusals.items() if not why}
    if not layers:
        raise CaptureError(f"{adapter.title} cannot be asked why: choose another model.")
    logits, seen = asking.output(adapter, request)
    classes = None
    if logits is not None and "logits" in adapter.can:
        calibration = models.card(adapter.id).calibration
        classes = classes_of(
            logits, adapter.classes, calibration.temperature, calibration.threshold
        )
    refused = {method: why for method, why in refusals.items() if why}
    return Source(request, adapter.title, seen, classes, layers, refused)


@dataclass(frozen=True, eq=False)
class Reason:
    """The map of one method.

    Attributes:
        source: the photo in a model.
        asked: what the method was asked.
        found: what it said.
        ends: of the scale that all methods share, where that is shown: values are then multiples
            of their mean size. None for the method's own unit.
    """

    source: Source
    asked: Asked
    found: viz.Explanation
    ends: tuple[float, float] | None = None

    @property
    def request(self) -> Request:
        """The photo in a model."""
        return self.source.request

    @property
    def seen(self) -> Prepared:
        """What the model saw."""
        return self.source.seen

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
        return f"{self.method.name}, {layer_name(layers.role, layer)}"

    @property
    def what(self) -> str:
        """What its values are, in words."""
        return f"{self._about}{', 1: its mean' if self.ends else ''}"

    @property
    def _about(self) -> str:
        if not self.method.wants_target:
            return "the same for every class" if self.source.classes else "the same for any target"
        if self.source.classes is None:
            return "what raises the norm of the features"
        if self.signed:
            return f"what speaks for {self.found.target}"
        return f"what speaks for “{self.found.target}”"

    @property
    def label(self) -> str:
        """What must be told with the picture: that a map is flat."""
        return "" if np.ptp(self.found.heat) else "this map is the same everywhere"

    @property
    def signed(self) -> bool:
        """Whether it is of one class less another."""
        return self.found.signed

    @property
    def strongest(self) -> str:
        """Where it is strongest, and its value there."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return f"row {row}, column {column} (from 0) with {self.values.max():.3g}"

    @cached_property
    def values(self) -> np.ndarray:
        """(rows, cols) float32."""
        return self.found.heat if self.ends is None else in_means(self.found.heat)

    def limits(self, scale: str) -> tuple[float, float]:
        """The values at the two ends of the colour bar."""
        if scale == METHODS and self.ends:
            return self.ends
        return float(self.values.min()), float(self.values.max())


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


def layer_name(role: str, layer: int | str | None) -> str:
    """A layer in words."""
    if role == "start":
        return f"from layer {layer}"
    return f"layer {layer}" if isinstance(layer, int) else str(layer)


def _sentence(names: Sequence[str], does: str) -> str:
    """What one method ("reads ...") or several ("read ...") cannot do."""
    if len(names) == 1:
        return f"{names[0]}{does}."
    several = does.replace(" reads ", " read ").replace(" follows ", " follow ")
    return f"{', '.join(names[:-1])} and {names[-1]}{several}."


def _refusal(adapter: Adapter, method: str) -> str:
    """Why a model cannot do a method; "" if it can."""
    try:
        viz.check_method(adapter, method)
    except CaptureError as error:
        return str(error)
    return ""


def _layers(adapter: Adapter, method: str) -> Layers:
    if method == "raw":
        count = 1 if adapter.kinds[0] == "pool" else adapter.depth
        return Layers(tuple(range(count)), count - 1, "layer")
    if method in ("rollout", "relevance", "legrad"):
        return Layers(tuple(range(adapter.depth)), 0, "start")
    if adapter.kinds:
        return Layers(tuple(range(adapter.depth)), max(0, adapter.depth - 2), "cam")
    from heedmap.viz.why.cams import default_layer  # which loads torch

    return Layers(adapter.conv_layers, default_layer(adapter), "cam")
