"""The settings of the picture, shared by all pages: none of them runs a model.

The toolbar of the stage shows them and repaints in the browser; the server hears of a change when
the gesture ends (`link.ask`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.stage.components.sent import Tool
from heedmap.views.render import SCALES, VIEWS, Look

INTERPOLATIONS = {
    "nearest": Phrase("Nearest"),
    "bilinear": Phrase("Bilinear"),
    "bicubic": Phrase("Bicubic"),
}
BASES = {"photo": Phrase("The photo"), "model": Phrase("The model’s pixels")}
DIVERGING = {
    "RdBu_r": Phrase("Blue to red"),
    "coolwarm": Phrase("Blue to red, soft"),
    "PuOr_r": Phrase("Purple to orange"),
    "BrBG": Phrase("Brown to green"),
}
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
    fade = _switch("fade", Phrase("Fade"), True, shared=True, help=Phrase(
            "Transparency follows the value: weak places show the photo, slightly dimmed. Without "
            "it, all colours are equally opaque.")) | OVERLAY  # fmt: skip
    defaults = [60, 90]  # opacity without and with fading
    tools = [
        *(_mask_tools() if masks else []),
        _choice("colors", Phrase("Colours"), COLORS, "inferno", shared=True)
        | {"hidden": signed and not mixed} | OVERLAY,
        _choice("signed", Phrase("Signed colours" if mixed else "Colours"), DIVERGING, "RdBu_r",
                shared=True, help=Phrase("Some values are negative: two colours part at zero."))
        | {"hidden": not signed} | OVERLAY,
        fade,
        _percent("opacity", Phrase("Opacity"), 0, defaults[int(fade["value"])], step=5, shared=True)
        | {"follows": "fade", "defaults": defaults} | OVERLAY,
        _scale_tool(scales),
        _choice("interp", Phrase("Interpolation"), INTERPOLATIONS, "bicubic",
                help=Phrase("Nearest shows each patch as it is; the others smooth the values "
                            "before colouring.")) | OVERLAY,
        _choice("base", Phrase("Draw over"), BASES, "photo", shared=True,
                help=Phrase("The photo in full sharpness, or the pixels that the model saw.")),
        _switch("grid", Phrase("Patch grid"), False, shared=True) | OVERLAY,
        *([_follow()] if patches else []),
    ]  # fmt: skip
    return _look({tool["name"]: tool["value"] for tool in tools}), tools


def _scale_tool(scales: Sequence[str]) -> Tool:
    """The choice of a scale; of one alone there is none."""
    several = len(scales) > 1
    words = Phrase("Which maps the ends of the colour bar are taken from.")
    alone = Phrase("There are no other maps here to take the ends of the colour bar from.")
    tool = _choice(
        "scale",
        Phrase("Colour scale"),
        {scale: SCALES[scale] for scale in scales},
        scales[0],
        help=words if several else alone,
    )
    return tool | (OVERLAY if several else NEVER)


def _follow() -> Tool:
    return _switch(
        "follow", Phrase("Follow"), False, help=Phrase(
            "Shows what the patch under the pointer attends to, as holding Shift does. A click "
            "pins a patch, Esc lets it go."),
    )  # fmt: skip


def _mask_tools() -> list[Tool]:
    return [
        _choice("view", Phrase("View"), VIEWS, "overlay"),
        _percent("keep", Phrase("Kept"), 1, 60, help=Phrase(
            "The smallest set of patches that holds this share of the attention, as in DINO’s "
            "script.")) | MASKS,
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
