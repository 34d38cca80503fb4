"""The controls of attention maps: layer, head, view, and a second map beside the first."""

from __future__ import annotations

import streamlit as st
from heedmap import models
from heedmap.pages.parts import attention, kinds, link, picker, shell, work
from heedmap.pages.parts.attention import MEAN, Map, Source
from heedmap.pages.parts.components import gallery
from heedmap.pages.parts.drawing import VIEWS, Drawing, ratio, thumbnail
from heedmap.pages.parts.records import Request
from heedmap.pages.parts.shell import Notices


def pick_layer(source: Source, name: str = "layer") -> int:
    """Let the person choose a layer, the last by default."""
    last = source.depth - 1
    key = link.whole(name, 0, last, last)
    if last == 0:
        return 0
    return int(st.slider("Layer", 0, last, key=key, help="Counted from 0; the last by default."))


def pick_head(count: int, name: str = "head") -> str:
    """Let the person choose one of so many heads, or the mean of all, which is the default."""
    options = [MEAN, *(str(head) for head in range(count))]
    key = link.choice(name, options, MEAN)
    return str(st.selectbox("Head", options, key=key, format_func=head_name))


def choose(key: str, value: str) -> None:
    """Set a control from a picture that was picked."""
    st.session_state[key] = value


def head_name(head: str) -> str:
    """Name a head for people."""
    return "Mean of all heads" if head == MEAN else f"Head {head}"


def pick_view() -> tuple[str, float, bool]:
    """Let the person choose the view, the share of mass that a mask keeps, and hiding outliers."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="tools"):
        view = st.segmented_control(
            "View", VIEWS, key=link.choice("view", VIEWS, "overlay"), format_func=VIEWS.__getitem__,
            required=True, label_visibility="collapsed",
        )  # fmt: skip
        key = link.whole("keep", 1, 100, 60)
        keep = st.session_state[key]
        if view != "overlay":
            keep = st.slider(
                "Share of attention kept", 1, 100, key=key, format="keep %d %%", width=280,
                label_visibility="collapsed",
                help="The smallest set of patches that holds this share, as in DINO’s script.",
            )  # fmt: skip
        hide = st.toggle(
            "Hide outlier patches", key=link.switch("hide"),
            help="Some models park information in a few patches of plain background, which then "
            "outshine all others. This hides them and renormalises the rest to sum to 1.",
        )  # fmt: skip
    return str(view), keep / 100, hide


def pick_beside(shown: Map, notices: Notices) -> Map | None:
    """Let the person put a second map beside: another layer, another head or another model."""
    source = shown.source
    with st.expander("Side by side", expanded=bool(st.session_state.get(link.switch("two")))):
        if not st.toggle("A second map", key=link.switch("two")):
            return None
        model = picker.pick_id("vit", "model2", source.asked.model)
        other = _source(model, source, notices)
        if other is None:
            return None
        layer = pick_layer(other, "layer2")
        return Map(other, layer, pick_head(other.heads(layer), "head2"), shown.hide)


def show_all(shown: Map, drawing: Drawing, key: str) -> dict[str, Map]:
    """Show the mean and all heads of a layer, to pick from; `key` is that of the head.

    Returns the maps that were shown by their captions.
    """
    every = {_caption(each.head): each for each in attention.heads(shown)}
    items = [thumbnail(each.head, name, each, drawing) for name, each in every.items()]
    layer = shown.layer_name[0].lower() + shown.layer_name[1:]
    name = f"the {layer}" if shown.source.kind == "pool" else layer
    shell.heading(f"All heads of {name}", "Pick one to see it large.")
    gallery(
        [{"items": items}],
        [shown.head],
        lambda picked: choose(key, picked),
        label=f"Heads of {name}",
        key="heads",
        ratio=ratio(shown.seen),
    )
    return every


def _caption(head: str) -> str:
    """Name a head under its thumbnail."""
    return "Mean" if head == MEAN else head_name(head)


def _source(model: str, source: Source, notices: Notices) -> Source | None:
    """Give the record of the second model for the same photo, or None with the reason said.

    It shows the same kind of attention as the first, where it has it.
    """
    if model == source.asked.model:
        return source

    def look(asked: Request) -> Source:
        return attention.source(asked, kinds.fitting(models.load(asked.model), source.kind))

    with notices.guard():
        asked = source.asked
        request = Request(asked.photo, model, picker.own_size(model), asked.fit)
        return work.run_shown(request, look)
    return None
