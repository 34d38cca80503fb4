"""From arrays to what a browser shows: data URLs, made fast and kept for the next run."""

from __future__ import annotations

import base64
from collections.abc import Callable, Hashable

import numpy as np
import streamlit as st
from heedmap import viz
from heedmap.pages.parts.store import MEGABYTE, Shelf
from PIL import Image

SCREEN = 1024  # px, long side of a large picture
THUMBNAIL = 288  # px, long side of a small one


@st.cache_resource(show_spinner=False)
def _shelf() -> Shelf[str]:
    return Shelf(96 * MEGABYTE, len)


def data_url(picture: np.ndarray, quality: int = 88) -> str:
    """Encode a picture (H, W, 3) uint8 as a JPEG in a data URL."""
    return "data:image/jpeg;base64," + base64.b64encode(viz.encode_jpeg(picture, quality)).decode()


def kept(key: Hashable, draw: Callable[[], np.ndarray], quality: int = 88) -> str:
    """Give the data URL of the picture that `key` names in full, drawn only where it is new."""
    return _shelf().have(key, lambda: data_url(draw(), quality))


def fit_within(picture: np.ndarray, long_side: int) -> np.ndarray:
    """Shrink a picture (H, W, 3) uint8 so that its long side is at most `long_side` px."""
    height, width = picture.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX, reducing_gap=2))
