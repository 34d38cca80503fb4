"""Maps over their photos, as files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from heedmap import viz
from heedmap.views import render
from heedmap.views.wanted import CHANNELS, Maps

OVERLAYS, THUMBS = "overlays", "thumbs"


def stem(name: str) -> str:
    """A photo's name as that of a file or folder, each photo's its own."""
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.")[-60:]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:10]}"


def overlay(name: str, layer: str) -> str:
    """Where the picture of a layer is, below the folder."""
    return f"{OVERLAYS}/{stem(name)}/{re.sub(r'[^A-Za-z0-9_.-]', '-', layer) or 'map'}.jpg"


def thumb(name: str) -> str:
    """Where the small picture of a photo is, below the folder."""
    return f"{THUMBS}/{stem(name)}.jpg"


def shown(kind: str, maps: Maps) -> np.ndarray:
    """The one map of a layer that is drawn, (rows, cols): the mean of its heads.

    Of channels it is the one with the greatest mean, as the pages show it.
    """
    heat = maps.values[maps.clearest] if kind == CHANNELS else maps.values.mean(0)
    return np.asarray(heat)


def drawn(base: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """A map over its photo, as the pages draw it, (h, w, 3) uint8."""
    look, signed = render.Look(), bool(heat.min() < 0)
    colormap = look.diverging if signed else look.colormap
    draw = viz.Overlay(colormap, look.opacity, look.interpolation, fade=look.fade, signed=signed)
    return draw(base, heat)


def write(root: Path, name: str, base: np.ndarray, kind: str, maps: Sequence[Maps]) -> None:
    """Write a picture for each layer."""
    for layer in maps:
        _put(root / overlay(name, layer.layer), drawn(base, shown(kind, layer)))


def write_thumb(root: Path, name: str, base: np.ndarray, kind: str, maps: Sequence[Maps]) -> None:
    """Write a small picture of the last layer."""
    small = render.fit_within(base, render.THUMBNAIL)
    _put(root / thumb(name), drawn(small, shown(kind, maps[-1])))


def _put(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(viz.encode_jpeg(picture))
