"""All maps of a model at once: one small picture of every layer and head, in one sprite."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from heedmap import viz
from heedmap.views.attention import Map
from heedmap.views.cache import MEGABYTE, kept
from heedmap.views.render import Look
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Sprite:
    """One picture of equal tiles, a pixel a patch: a row for each layer, a column for each map.

    Attributes:
        src: a data URL (PNG).
        heads: heads of each layer, whose tiles come behind that of their mean.
        columns: tiles a row; those beyond the heads of a layer are empty.
    """

    src: str
    heads: tuple[int, ...]
    columns: int


@kept(
    16 * MEGABYTE,
    lambda sprite: len(sprite.src),
    key=lambda shown, look: (
        shown.request, shown.source.kind, shown.source.patch, shown.hide,
        bool(shown.source.outliers), look.scale, look.colormap,
    ),
)  # fmt: skip
def sprite(shown: Map, look: Look) -> Sprite:
    """Every map of the source of a map, coloured by the colour scale of a look.

    The mean of the heads comes first. The scale "layer" spans the heads of a layer, "model" all
    heads of all layers; the mean has their colours then.
    """
    layers = [_maps(shown, layer) for layer in range(shown.source.depth)]
    return of_layers(layers, look.scale, look.colormap)


def of_layers(layers: Sequence[np.ndarray], scale: str, colormap: str) -> Sprite:
    """All maps of layers, each (1 + heads, rows, cols), the mean first; see `sprite`."""
    limits = [_limits(maps, scale) for maps in layers]
    if scale == "model":
        lows, highs = zip(*limits, strict=True)
        limits = [(np.min(lows), np.max(highs))] * len(layers)
    rows = max(maps.shape[1] for maps in layers)
    cols = max(maps.shape[2] for maps in layers)
    wide = max(len(maps) for maps in layers)
    levels = np.zeros((len(layers), rows, wide, cols), np.uint8)
    for strip, maps, (low, high) in zip(levels, layers, limits, strict=True):
        tiles = _enlarged(_levels(maps, low, high), rows, cols)  # (maps, rows, cols)
        strip[:, : len(tiles)] = tiles.transpose(1, 0, 2)
    heads = tuple(len(maps) - 1 for maps in layers)
    return Sprite(_encoded(levels.reshape(len(layers) * rows, -1), colormap), heads, wide)


def _maps(shown: Map, layer: int) -> np.ndarray:
    """The mean and all heads of a layer: (1 + heads, rows, cols)."""
    heads = shown.source.maps[layer]
    maps = np.concatenate([viz.head_mean(heads)[None], heads])
    return shown.source.without_outliers(layer, maps)[0] if shown.hide else maps


def _limits(maps: np.ndarray, scale: str) -> tuple[Any, Any]:
    """The two ends of the colour scale of each map, or of all maps of the layer."""
    axes, of = ((1, 2), maps) if scale == "map" else ((0, 1, 2), maps[1:])
    return of.min(axes, keepdims=True), of.max(axes, keepdims=True)


def _levels(maps: np.ndarray, low: Any, high: Any) -> NDArray[np.uint8]:
    """Which of 256 colours each patch has, as `viz.Overlay` chooses them; a flat map the first."""
    shares = (maps - low) / np.where(high > low, high - low, np.inf)
    levels: NDArray[np.uint8] = np.clip(256 * shares, 0, 255).astype(np.uint8)
    return levels


def _enlarged(maps: NDArray[np.uint8], rows: int, cols: int) -> NDArray[np.uint8]:
    """Maps of a coarser grid on a finer one, patches repeated."""
    row = np.arange(rows) * maps.shape[1] // rows
    col = np.arange(cols) * maps.shape[2] // cols
    return maps[:, row[:, None], col]


def _encoded(levels: np.ndarray, colormap: str) -> str:
    picture = Image.fromarray(levels, "P")
    picture.putpalette(viz.colorbar(colormap, 256, 1).tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=3)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
