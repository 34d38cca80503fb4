"""Maps as plain arrays, as programs ask for them: a kind or a method, some layers, some heads.

wanted = resolved(adapter, Wanted("received", ("-1",), "mean"))
for maps in of_photos(adapter, wanted, xs)[0]:
    maps.layer, maps.heads, maps.values      # "11", (-1,), (1, rows, cols) float32
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.errors import SettingError, short
from heedmap.viz.capture.tokens import layer_of

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.viz import Activations, Attention, Explanation

CHANNELS = "channels"
RECEIVED = {"tokens": "received", "windows": "received"}  # kinds of maps by the one name for both
AFTER = "activation"  # what is shown of a convolution; see `viz.record_activations`
ALL, MEAN = "all", "mean"
MEAN_OF_ALL = -1  # in place of the number of a head


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        kind: "cls", "received", "pool", "channels" or an id of `viz.METHODS`; "" for what the
            model shows first.
        layers: numbers of layers, also from the last (-1); names of convolutions for channels and
            CAMs. None at all: every layer of attention, three convolutions, a method's own choice.
        head: "all", "mean", or the number of a head or channel.
    """

    kind: str = ""
    layers: tuple[str, ...] = ()
    head: str = ALL


@dataclass(frozen=True)
class Maps:
    """The maps of one layer.

    Attributes:
        layer: its number or name; "" for a method that takes all of them.
        heads: the number of each map's head or channel, `MEAN_OF_ALL` for a mean of all.
        values: (maps, rows, cols) float32.
        target: what a method was asked about, in words.
    """

    layer: str
    heads: tuple[int, ...]
    values: np.ndarray
    target: str = ""

    def shown(self, kind: str) -> np.ndarray:
        """The one map to draw, (rows, cols): the mean of the heads, the strongest channel."""
        return np.asarray(self.values[self.clearest] if kind == CHANNELS else self.values.mean(0))

    @property
    def clearest(self) -> int:
        """The place of the map to show where there is room for one: that of the greatest mean."""
        return int(self.values.mean((1, 2), dtype=np.float64).argmax())


def kinds(adapter: Adapter) -> list[str]:
    """The kinds that a model has, what it shows first before the others."""
    own = [RECEIVED.get(kind, kind) for kind in adapter.kinds]
    return [*own, *[CHANNELS] * bool("convolutions" in adapter.can and adapter.conv_layers)]


def resolved(adapter: Adapter, wanted: Wanted) -> Wanted:
    """The same with its kind and layers spelled out for a model.

    Raises:
        SettingError: a kind or layer that the model does not have, or no head.
    """
    own = kinds(adapter)
    kind = wanted.kind or next(iter(own), "")
    if kind not in (*own, *viz.METHODS):
        raise SettingError(
            f"{adapter.title} has no maps of the kind {short(kind)}: choose one of "
            f"{', '.join((*own, *viz.METHODS))}."
        )
    if wanted.head not in (ALL, MEAN) and not _is_number(wanted.head):
        raise SettingError(
            f"There is no head {short(wanted.head)}: choose all, mean, or a number from 0."
        )
    return Wanted(kind, _layers(adapter, kind, wanted.layers), wanted.head)


def of_photos(adapter: Adapter, wanted: Wanted, xs: Sequence[Prepared]) -> list[list[Maps]]:
    """Run a model on photos of one shape, and keep what is wanted of each; attention in one pass.

    Args:
        adapter: the model.
        wanted: what `resolved` returned for it.
        xs: photos that `adapter.prepare` made, all of one shape.

    Raises:
        SettingError: a head that a layer does not have, or as the functions of `viz`.
        CaptureError: as the functions of `viz`.
    """
    if wanted.kind == CHANNELS:
        records = (viz.record_activations(adapter, x, wanted.layers, after=AFTER) for x in xs)
        return [of_activations(wanted, record) for record in records]
    if wanted.kind in viz.METHODS:
        each = (
            [viz.explain(adapter, x, wanted.kind, layer=at) for at in asked(wanted)] for x in xs
        )
        return [of_explanations(wanted, found) for found in each]
    mean = wanted.kind == "received"
    return [of_attention(wanted, each) for each in viz.record_attentions(adapter, xs, mean)]


def of_attention(wanted: Wanted, record: Attention) -> list[Maps]:
    """What is wanted of a record of attention."""
    kind = next(kind for kind in record.maps if RECEIVED.get(kind, kind) == wanted.kind)
    layers = record.of(kind)
    return [_some(wanted, layer, layers[int(layer)]) for layer in wanted.layers]


def of_activations(wanted: Wanted, record: Activations) -> list[Maps]:
    """What is wanted of a record of convolutions."""
    return [_some(wanted, layer, record.maps[layer]) for layer in wanted.layers]


def of_explanations(wanted: Wanted, found: Sequence[Explanation]) -> list[Maps]:
    """What is wanted of a method: its map for each of `asked`."""
    layers = wanted.layers or ("",)
    return [
        Maps(layer, (MEAN_OF_ALL,), each.heat[None], each.target)
        for layer, each in zip(layers, found, strict=True)
    ]


def asked(wanted: Wanted) -> list[int | str | None]:
    """The layers that a method is asked about, as `viz.explain` takes them."""
    return [int(layer) if _is_number(layer) else layer for layer in wanted.layers] or [None]


def _some(wanted: Wanted, layer: str, values: np.ndarray) -> Maps:
    """All maps of a layer (heads, rows, cols), their mean, or one of them."""
    if wanted.head == ALL:
        return Maps(layer, tuple(range(len(values))), values)
    if wanted.head == MEAN:
        return Maps(layer, (MEAN_OF_ALL,), viz.head_mean(values)[None])
    head = int(wanted.head)
    if head >= len(values):
        raise SettingError(
            f"Layer {layer} has no head or channel {head}: choose 0 to {len(values) - 1}, all or "
            "mean."
        )
    return Maps(layer, (head,), values[head : head + 1])


def _layers(adapter: Adapter, kind: str, layers: tuple[str, ...]) -> tuple[str, ...]:
    """Layers as the maps of this kind name them, each once."""
    if kind == CHANNELS:
        return _convolutions(adapter, layers) or adapter.default_conv_layers
    if kind in viz.METHODS:
        numbers = layers if adapter.kinds else ()
        return tuple(_number(adapter, layer) for layer in numbers) or _convolutions(adapter, layers)
    if kind == "pool":
        return ("0",)
    some = [_number(adapter, layer) for layer in layers]
    return tuple(dict.fromkeys(some)) or tuple(map(str, range(adapter.depth)))


def _number(adapter: Adapter, layer: str) -> str:
    return str(layer_of(adapter, int(layer) if _is_number(layer.removeprefix("-")) else layer))


def _convolutions(adapter: Adapter, layers: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [layer for layer in layers if layer not in adapter.conv_layers]
    if unknown:
        raise SettingError(
            f"{adapter.title} has no layer {short(unknown[0])}: choose from "
            f"{', '.join(adapter.default_conv_layers)}."
        )
    return tuple(dict.fromkeys(layers))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7
