"""The controls of the picture, shared by all pages; none of them runs a model."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from heedmap import viz
from heedmap.pages.frame import link
from heedmap.views.render import SCALES, Look

INTERPOLATIONS = {"nearest": "Nearest", "bilinear": "Bilinear", "bicubic": "Bicubic"}
BASES = {"photo": "The photo", "model": "The model’s pixels"}


def pick_look(scales: Sequence[str], interpolation: str = "nearest") -> Look:
    """Let the visitor choose colours, opacity, colour scale, interpolation and patch grid.

    Args:
        scales: keys of `SCALES` that make sense on the page, the default first.
        interpolation: the default.
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
        "Colour scale", scales, key=link.choice("scale", scales, scales[0]),
        format_func=SCALES.__getitem__,
        help="Which maps the ends of the colour bar are taken from.",
    )  # fmt: skip
    smooth = st.segmented_control(
        "Interpolation", INTERPOLATIONS, key=link.choice("interp", INTERPOLATIONS, interpolation),
        format_func=INTERPOLATIONS.__getitem__, required=True, width="stretch",
        help="Nearest shows each patch as it is; the others smooth the values before colouring.",
    )  # fmt: skip
    patch_grid = st.toggle("Patch grid", key=link.switch("grid", shared=True))
    with st.expander("More"):
        over = st.radio(
            "Draw over", BASES, key=link.choice("base", BASES, "photo", shared=True),
            format_func=BASES.__getitem__,
            help="The photo in full sharpness, or the pixels that the model saw; the same region.",
        )  # fmt: skip
    return Look(str(colormap), opacity / 100, str(smooth), patch_grid, str(over), str(scale))
