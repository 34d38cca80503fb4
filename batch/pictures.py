"""Maps over their photos, as files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from heedmap import viz
from heedmap.views import render
from heedmap.views.wanted import Maps
from heedmap.viz.photo.region import fit_within

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


def write(root: Path, name: str, base: np.ndarray, kind: str, maps: Sequence[Maps]) -> None:
    """Write a picture for each layer."""
    for layer in maps:
        _put(root / overlay(name, layer.layer), render.plain(base, layer.shown(kind)))


def write_thumb(root: Path, name: str, base: np.ndarray, kind: str, maps: Sequence[Maps]) -> None:
    """Write a small picture of the last layer."""
    small = fit_within(base, render.THUMBNAIL)
    _put(root / thumb(name), render.plain(small, maps[-1].shown(kind)))


def _put(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(viz.encode_jpeg(picture))
