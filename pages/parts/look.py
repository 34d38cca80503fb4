"""How maps are drawn: the controls that every page shares. None of them runs a model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import streamlit as st
from heedmap import viz
from heedmap.pages.parts import link

INTERPOLATIONS = {"nearest": "Nearest", "bilinear": "Bilinear", "bicubic": "Bicubic"}
BASES = {"photo": "The photo", "model": "The model’s pixels"}


@dataclass(frozen=True)
class Look:
    """Settings of the picture, the same for all maps of a page."""

    colormap: str
    opacity: float
    interpolation: str
    patch_grid: bool
    base: str  # "photo" or "model"
    scale: str  # "map", "layer" or "model"


def pick_look(scales: dict[str, str], interpolation: str = "nearest") -> Look:
    """Let the person choose colours, opacity, interpolation, patch grid and colour scale.

    `scales` are the colour ranges that the page can share among its maps, the first by default.
    """
    colormap = st.selectbox(
        "Colours", viz.COLORMAPS, key=link.choice("colors", viz.COLORMAPS, "viridis", shared=True),
        format_func=str.capitalize,
    )  # fmt: skip
    opacity = st.slider(
        "Opacity", 0, 100, key=link.whole("opacity", 0, 100, 60, shared=True), step=5,
        format="%d %%",
    )  # fmt: skip
    scale = st.selectbox(
        "Colour scale", scales, key=link.choice("scale", scales, next(iter(scales))),
        format_func=scales.__getitem__,
        help="Which values the two ends of the colour bar stand for.",
    )  # fmt: skip
    smooth = st.segmented_control(
        "Interpolation", INTERPOLATIONS, key=link.choice("interp", INTERPOLATIONS, interpolation),
        format_func=INTERPOLATIONS.__getitem__, required=True, width="stretch",
        help="Nearest shows each patch as it is; the others smooth the values, then colour them.",
    )  # fmt: skip
    patch_grid = st.toggle("Patch grid", key=link.switch("grid", shared=True))
    with st.expander("More"):
        base = st.radio(
            "Draw over", BASES, key=link.choice("base", BASES, "photo", shared=True),
            format_func=BASES.__getitem__,
            help="The same region either way: sharp, or as coarse as the model saw it.",
        )  # fmt: skip
    return Look(str(colormap), opacity / 100, str(smooth), patch_grid, str(base), str(scale))


@cache
def colors(colormap: str, count: int = 24) -> list[str]:
    """Give `count` CSS colours of a colour map, from low to high."""
    strip = viz.colorbar(colormap, count, 1)[0]
    return [f"rgb({red} {green} {blue})" for red, green, blue in strip.tolist()]
