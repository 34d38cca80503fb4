"""Channels of convolutions: maps taken from a record by layer, and what is said of them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from heedmap import models
from heedmap.pages.parts import link
from heedmap.pages.parts.components import Group
from heedmap.pages.parts.drawing import Drawing, saw, thumbnail
from heedmap.pages.parts.records import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.viz import Activations


@dataclass(frozen=True)
class Channel:
    """One channel of one convolution."""

    asked: Request
    seen: Prepared
    record: Activations
    layer: str
    index: int

    @property
    def name(self) -> str:
        """What the gallery and the link call it."""
        return f"{self.layer}~{self.index}"

    @property
    def key(self) -> Hashable:
        """What tells it from all other maps of the same pass."""
        return self.layer, self.index

    @property
    def title(self) -> str:
        """Its name."""
        return f"{self.layer}, channel {self.index}"

    @property
    def what(self) -> str:
        """What its values are."""
        return "activation"

    @property
    def label(self) -> str:
        """Nothing has to be said in the picture."""
        return ""

    @property
    def mean(self) -> float:
        """The mean over the map, which channels are ranked by."""
        return float(self.values.mean(dtype=np.float64))

    @property
    def strongest(self) -> str:
        """Say where it is strongest."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return f"row {row}, column {column} with {self.values.max():.3g}"

    @property
    def values(self) -> np.ndarray:
        """(rows, cols) float32."""
        return np.asarray(self.record.maps[self.layer][self.index])

    def limits(self, scale: str) -> tuple[float, float]:
        """Give the values at the two ends of the colour bar; a layer spans all its channels."""
        values = self.values if scale == "map" else self.record.maps[self.layer]
        return float(values.min()), float(values.max())


class Layers:
    """The convolutions that are chosen: asked for once a run, however many models are tried."""

    def __init__(self) -> None:
        self._place = st.container()
        self._chosen: tuple[str, ...] | None = None

    def of(self, adapter: Adapter) -> tuple[str, ...]:
        """Give the chosen convolutions of a model, or its own three where it has none of them."""
        if self._chosen is None:
            with self._place:
                self._chosen = _pick_layers(adapter)
        known = tuple(name for name in self._chosen if name in adapter.conv_layers)
        return known or adapter.default_conv_layers


def _pick_layers(adapter: Adapter) -> tuple[str, ...]:
    """Let the person choose convolutions, in the order of the model."""
    names = adapter.conv_layers
    key = link.setting(
        "layers", list(adapter.default_conv_layers), lambda text: text.split("~"),
        write="~".join, fits=lambda chosen: set(chosen) <= set(names),
    )  # fmt: skip
    chosen = st.multiselect("Layers", names, key=key, placeholder="Choose layers")
    if not chosen:
        link.notice("No layer is chosen: a shallow, a middle and a deep one are shown.")
        return adapter.default_conv_layers
    return tuple(sorted(chosen, key=names.index))


def pick_count() -> int:
    """Let the person choose how many channels a layer shows."""
    key = link.whole("k", 1, 8, 3)
    return int(st.slider("Strongest channels a layer", 1, 8, key=key))


def strongest(
    asked: Request, answer: tuple[Activations, Prepared], count: int
) -> dict[str, list[Channel]]:
    """Give the strongest channels of each layer, by their mean."""
    record, seen = answer
    return {
        layer: [Channel(asked, seen, record, layer, index) for index, _ in record.top(layer, count)]
        for layer in record.maps
    }


def pick_hero(rows: dict[str, list[Channel]]) -> tuple[str, Channel]:
    """Give the channel that is shown large, and the key of that setting; the deepest by default."""
    shown = {channel.name: channel for row in rows.values() for channel in row}
    default = list(rows.values())[-1][0].name
    key = link.choice("channel", shown, default)
    return key, shown[st.session_state[key]]


def gallery_rows(rows: dict[str, list[Channel]], drawing: Drawing) -> list[Group]:
    """Make the rows of layers and the columns of channels."""
    return [
        {
            "title": layer,
            "note": _shape(row[0]),
            "items": [
                thumbnail(
                    each.name, f"Channel {each.index}", each, drawing, f"mean {each.mean:.3g}"
                )
                for each in row
            ],
        }
        for layer, row in rows.items()
    ]


def facts(shown: Channel) -> list[tuple[str, str]]:
    """Tell what always has to be known: the model, what it saw, and which map this is."""
    rows, columns = shown.values.shape
    return [
        ("Model", models.record(shown.asked.model).title),
        ("Saw", saw(shown.seen)),
        ("Layer", shown.layer),
        ("Channel", f"{shown.index}, mean {shown.mean:.3g}"),
        ("Map", f"{rows} × {columns} cells"),
        ("Strongest", shown.strongest),
    ]


def predictions(shown: Channel) -> list[tuple[str, float]]:
    """Give the five most probable classes, or none for a model without classes."""
    return shown.record.predictions(5) or []


def pictures(rows: dict[str, list[Channel]], drawing: Drawing) -> list[np.ndarray]:
    """Draw all channels, row by row."""
    return [drawing(channel) for row in rows.values() for channel in row]


def captions(rows: dict[str, list[Channel]]) -> list[str]:
    """Say under each picture of the figure what it is."""
    return [f"channel {each.index}, mean {each.mean:.3g}" for row in rows.values() for each in row]


def _shape(channel: Channel) -> str:
    count = len(channel.record.maps[channel.layer])
    rows, columns = channel.values.shape
    return f"{count} channels of {rows} × {columns}"
