"""Channels of convolutions: maps taken from a forward pass by layer and channel."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from heedmap import models
from heedmap.languages import Phrase
from heedmap.models import Calibration
from heedmap.views import passes
from heedmap.views.classes import verdict
from heedmap.views.request import OfPass, Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.viz import Activations


# What is shown of a convolution, in words.
AFTER = {
    "activation": Phrase("activation passed on"),
    "convolution": Phrase("output of the convolution"),
}


@dataclass(frozen=True)
class Source:
    """The activations of a photo in a model.

    Attributes:
        request: the forward pass that they come from.
        model: the title of the model.
        seen: what the model saw.
        activations: what was recorded, (channels, rows, cols) float32 for each layer.
        calibration: of the model's probabilities.
    """

    request: Request
    model: str
    seen: Prepared
    activations: Activations
    calibration: Calibration

    def strongest(self, count: int) -> dict[str, list[Channel]]:
        """The strongest channels of each layer, by their mean."""
        top = {layer: self.activations.top(layer, count) for layer in self.activations.maps}
        return {
            layer: [Channel(self, layer, index) for index, _ in found]
            for layer, found in top.items()
        }

    def count(self, layer: str) -> int:
        """How many channels a layer has."""
        return len(self.activations.maps[layer])

    @cached_property
    def signed(self) -> bool:
        """Whether any value is negative; then the colours of all its maps diverge from zero."""
        return any(bool(maps.min() < 0) for maps in self.activations.maps.values())

    def predictions(self) -> list[tuple[str, float]]:
        """The five most probable classes, calibrated; none for a model without class names."""
        return self.activations.predictions(5, self.calibration.temperature) or []

    @property
    def verdict(self) -> str:
        """Among how many classes the prediction is, and whether it is one; "" without names."""
        shares = self.predictions()
        if not shares:
            return ""
        count = len(self.activations.classes or ())
        return verdict(shares[0][1], count, self.calibration.threshold)


def source(
    adapter: Adapter,
    request: Request,
    layers: tuple[str, ...] | None = None,
    after: str = "activation",
) -> Source:
    """The activations of a photo; runs the model unless that pass is cached.

    Args:
        adapter: the model that `request` names.
        request: the photo, the size and the fit.
        layers: names of `adapter.conv_layers`, others are ignored; the three default layers if
            none is left.
        after: a key of `AFTER`.

    Raises:
        HeedmapError: as `passes.activations`.
    """
    chosen = tuple(name for name in layers or () if name in adapter.conv_layers)
    wanted = chosen or adapter.default_conv_layers
    recorded, seen = passes.activations(adapter, request, wanted, after)
    return Source(request, adapter.title, seen, recorded, models.card(request.model).calibration)


@dataclass(frozen=True)
class Channel(OfPass):
    """One channel of one convolution."""

    source: Source
    layer: str
    index: int

    @property
    def name(self) -> str:
        """Its name in galleries and links."""
        return f"{self.layer}~{self.index}"

    @property
    def key(self) -> Hashable:
        """What distinguishes it from all other maps of the same pass."""
        return self.layer, self.index, self.source.activations.after

    @property
    def title(self) -> str:
        """Its name."""
        return Phrase("{layer}, channel {index}", layer=self.layer, index=self.index)

    @property
    def what(self) -> str:
        """What its values are, in words."""
        return AFTER[self.source.activations.after]

    @property
    def label(self) -> str:
        """Nothing needs to be told with the picture."""
        return ""

    @property
    def signed(self) -> bool:
        """Whether any value of its source is negative."""
        return self.source.signed

    @property
    def mean(self) -> float:
        """The mean over the map, which channels are ranked by."""
        return float(self.values.mean(dtype=np.float64))

    @property
    def values(self) -> np.ndarray:
        """(rows, cols) float32."""
        return np.asarray(self._layer[self.index])

    @property
    def siblings(self) -> int:
        """How many channels its layer has."""
        return len(self._layer)

    def limits(self, scale: str) -> tuple[float, float]:
        """The values at the two ends of the colour bar; "layer" spans all channels of the layer."""
        values = self.values if scale == "map" else self._layer
        return float(values.min()), float(values.max())

    @property
    def _layer(self) -> np.ndarray:
        """All channels of its layer, (channels, rows, cols) float32."""
        return self.source.activations.maps[self.layer]
