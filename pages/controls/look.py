"""The settings of the picture, shared by all pages: none of them runs a model.

The toolbar of the stage shows them and repaints in the browser; the server hears of a change when
the gesture ends (`link.ask`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from heedmap import viz
from heedmap.pages.frame import link
from heedmap.pages.stage.components.sent import Tool
from heedmap.views.render import SCALES, VIEWS, Look

INTERPOLATIONS = {"nearest": "Nearest", "bilinear": "Bilinear", "bicubic": "Bicubic"}
BASES = {"photo": "The photo", "model": "The model’s pixels"}
DIVERGING = {
    "RdBu_r": "Blue to red", "coolwarm": "Blue to red, soft", "PuOr_r": "Purple to orange",
    "BrBG": "Brown to green",
}  # fmt: skip
COLORS = {name: name.capitalize() for name in viz.COLORMAPS}
OVERLAY: Tool = {"views": ["overlay"]}
NEVER: Tool = {"views": []}
MASKS: Tool = {"views": [view for view in VIEWS if view != "overlay"]}


def pick_look(
    scales: Sequence[str],
    *,
    masks: bool = False,
    signed: bool = False,
    mixed: bool = False,
    patches: bool = False,
) -> tuple[Look, list[Tool]]:
    """The look that is asked for, and the toolbar that changes it.

    Args:
        scales: keys of `SCALES` that make sense on the page, the default first.
        masks: whether the views of a mask are offered.
        signed: whether the maps have a sign, so that their colours diverge from zero.
        mixed: whether maps without a sign may be among these.
        patches: whether maps can be had from the patch under the pointer.
    """
    fade = _switch("fade", "Fade", True, shared=True, help="Transparency follows the "
                   "value: weak places show the photo, slightly dimmed. Without it, all colours "
                   "are equally opaque.") | OVERLAY  # fmt: skip
    defaults = [60, 90]  # opacity without and with fading
    tools = [
        *(_mask_tools() if masks else []),
        _choice("colors", "Colours", COLORS, "inferno", shared=True)
        | {"hidden": signed and not mixed} | OVERLAY,
        _choice("signed", "Signed colours" if mixed else "Colours", DIVERGING, "RdBu_r",
                shared=True, help="Some values are negative: two colours part at zero.")
        | {"hidden": not signed} | OVERLAY,
        fade,
        _percent("opacity", "Opacity", 0, defaults[int(fade["value"])], step=5, shared=True)
        | {"follows": "fade", "defaults": defaults} | OVERLAY,
        _scale_tool(scales),
        _choice("interp", "Interpolation", INTERPOLATIONS, "bicubic",
                help="Nearest shows each patch as it is; the others smooth the values before "
                "colouring.") | OVERLAY,
        _choice("base", "Draw over", BASES, "photo", shared=True,
                help="The photo in full sharpness, or the pixels that the model saw."),
        _switch("grid", "Patch grid", False, shared=True) | OVERLAY,
        *([_follow()] if patches else []),
    ]  # fmt: skip
    return _look({tool["name"]: tool["value"] for tool in tools}), tools


def _scale_tool(scales: Sequence[str]) -> Tool:
    """The choice of a scale; of one alone there is none."""
    several = len(scales) > 1
    words = "Which maps the ends of the colour bar are taken from."
    alone = "There are no other maps here to take the ends of the colour bar from."
    tool = _choice("scale", "Colour scale", {scale: SCALES[scale] for scale in scales}, scales[0],
                   help=words if several else alone)  # fmt: skip
    return tool | (OVERLAY if several else NEVER)


def _follow() -> Tool:
    return _switch(
        "follow", "Follow", False, help="Shows what the patch under the pointer attends to, as "
        "holding Shift does. A click pins a patch, Esc lets it go.",
    )  # fmt: skip


def _mask_tools() -> list[Tool]:
    return [
        _choice("view", "View", VIEWS, "overlay"),
        _percent("keep", "Kept", 1, 60, help="The smallest set of patches that holds this share "
                 "of the attention, as in DINO’s script.") | MASKS,
    ]  # fmt: skip


def _look(asked: Mapping[str, str | int | bool]) -> Look:
    value = {"view": "overlay", "keep": 60, **asked}
    return Look(
        colormap=str(value["colors"]),
        opacity=int(value["opacity"]) / 100,
        interpolation=str(value["interp"]),
        patch_grid=bool(value["grid"]),
        over=str(value["base"]),
        scale=str(value["scale"]),
        view=str(value["view"]),
        keep=int(value["keep"]) / 100,
        fade=bool(value["fade"]),
        diverging=str(value["signed"]),
    )


def _choice(
    name: str, label: str, options: Mapping[str, str], default: str, *,
    shared: bool = False, help: str = "",
) -> Tool:  # fmt: skip
    value = st.session_state[link.choice(name, options, default, shared=shared)]
    return {"kind": "choice", "name": name, "label": label, "value": value,
            "options": dict(options), "help": help}  # fmt: skip


def _percent(
    name: str, label: str, low: int, default: int, *,
    step: int = 1, shared: bool = False, help: str = "",
) -> Tool:  # fmt: skip
    value = st.session_state[link.whole(name, low, 100, default, shared=shared)]
    return {"kind": "range", "name": name, "label": label, "value": value,
            "low": low, "high": 100, "step": step, "help": help}  # fmt: skip


def _switch(name: str, label: str, default: bool, *, shared: bool = False, help: str = "") -> Tool:
    value = st.session_state[link.switch(name, default, shared=shared)]
    return {"kind": "switch", "name": name, "label": label, "value": value, "help": help}
