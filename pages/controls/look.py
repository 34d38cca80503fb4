"""The controls of the picture, shared by all pages; none of them runs a model."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from heedmap import viz
from heedmap.pages.frame import link
from heedmap.views.render import SCALES, Look

INTERPOLATIONS = {"nearest": "Nearest", "bilinear": "Bilinear", "bicubic": "Bicubic"}
DIVERGING = {
    "RdBu_r": "Blue to red", "coolwarm": "Blue to red, soft", "PuOr_r": "Purple to orange",
    "BrBG": "Brown to green",
}  # fmt: skip
BASES = {"photo": "The photo", "model": "The model’s pixels"}


def pick_look(scales: Sequence[str], *, signed: bool = False) -> Look:
    """Let the visitor choose colours, opacity, colour scale, interpolation and patch grid.

    Args:
        scales: keys of `SCALES` that make sense on the page, the default first.
        signed: whether the maps have a sign, so that their colours diverge from zero.
    """
    colormap, diverging = _pick_colours(signed)
    fade = st.toggle(
        "Fade weak values", key=link.switch("fade", True, shared=True),
        help="Transparency follows the value: weak places show the photo, slightly dimmed. "
        "Without it, all colours are equally opaque.",
    )  # fmt: skip
    opacity = st.slider(
        "Opacity", 0, 100, key=link.whole("opacity", 0, 100, 90 if fade else 60, shared=True),
        step=5, format="%d %%",
    )  # fmt: skip
    scale = st.selectbox(
        "Colour scale", scales, key=link.choice("scale", scales, scales[0]),
        format_func=SCALES.__getitem__,
        help="Which maps the ends of the colour bar are taken from.",
    )  # fmt: skip
    smooth = st.segmented_control(
        "Interpolation", INTERPOLATIONS, key=link.choice("interp", INTERPOLATIONS, "bicubic"),
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
    return Look(
        str(colormap), opacity / 100, str(smooth), patch_grid, str(over), str(scale),
        fade=fade, diverging=diverging,
    )  # fmt: skip


def _pick_colours(signed: bool) -> tuple[str, str]:
    """Let the visitor choose a colour map, and return it with the one for signed maps."""
    plain = link.choice("colors", viz.COLORMAPS, "inferno", shared=True)
    diverging = link.choice("signed", viz.DIVERGING, viz.DIVERGING[0], shared=True)
    st.selectbox(
        "Colours", viz.DIVERGING if signed else viz.COLORMAPS, key=diverging if signed else plain,
        format_func=_name,
        help="Some values are negative: two colours part at zero." if signed else None,
    )  # fmt: skip
    return str(st.session_state[plain]), str(st.session_state[diverging])


def _name(colormap: str) -> str:
    """The name of a colour map for people."""
    return DIVERGING.get(colormap, colormap.capitalize())
