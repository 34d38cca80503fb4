"""Forward passes, each run once and kept for all visitors: moving a control reads these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import streamlit as st
from heedmap import models, viz
from heedmap.pages.parts import photos
from heedmap.pages.parts.pictures import SCREEN, fit_within
from heedmap.pages.parts.store import MEGABYTE, Shelf

if TYPE_CHECKING:
    from heedmap.models import Prepared
    from heedmap.viz import Activations, Attention


Channels: TypeAlias = "tuple[Activations, Prepared]"


@dataclass(frozen=True)
class Request:
    """What one forward pass is asked for; `size` is the short side, px."""

    photo: str
    model: str
    size: int
    fit: str


@st.cache_resource(max_entries=32, show_spinner=False)
def attention(asked: Request, token_mean: bool = False) -> tuple[Attention, Prepared]:
    """Run the model once: attention of all layers and heads, and what the model saw."""
    adapter = models.load(asked.model)
    x = adapter.prepare(photos.pixels(asked.photo), asked.size, asked.fit)
    return viz.record_attention(adapter, x, token_mean=token_mean), _light(x)


@st.cache_resource(max_entries=16, show_spinner=False)
def activations(asked: Request, layers: tuple[str, ...]) -> tuple[Activations, Prepared]:
    """Run the model once: the maps of `layers`, the prediction, and what the model saw."""
    adapter = models.load(asked.model)
    x = adapter.prepare(photos.pixels(asked.photo), asked.size, asked.fit)
    return viz.record_activations(adapter, x, layers), _light(x)


def base(
    asked: Request, seen: Prepared, kind: str = "photo", long_side: int = SCREEN
) -> np.ndarray:
    """Give the picture that maps are drawn over: what the model saw, sharp or in its own pixels."""
    key = (asked, kind, long_side)
    return _bases().have(key, lambda: fit_within(_region(asked, seen, kind), long_side))


def _region(asked: Request, seen: Prepared, kind: str) -> np.ndarray:
    """Give the part of the photo that the model saw, at the size of the screen."""
    if kind == "photo":
        return viz.region(photos.pixels(asked.photo), seen.box, SCREEN)
    times = max(1, round(SCREEN / max(seen.view.shape[:2])))
    return seen.view.repeat(times, axis=0).repeat(times, axis=1)


@st.cache_resource(show_spinner=False)
def _bases() -> Shelf[np.ndarray]:
    return Shelf(64 * MEGABYTE, lambda picture: picture.nbytes)


def _light(x: Prepared) -> Prepared:
    """Drop the model's input tensor, which nobody needs after the pass."""
    return replace(x, pixels=x.pixels.new_empty(0))
