"""The controls of attention maps: layer, head, view, and a second map beside the first."""

from __future__ import annotations

import streamlit as st

from . import attention, link, picker, records, work
from .attention import MEAN, Map, Source
from .drawing import VIEWS
from .records import Request
from .shell import Notices


def pick_layer(source: Source, name: str = "layer") -> int:
    """Let the person choose a layer, the last by default."""
    last = source.depth - 1
    key = link.whole(name, 0, last, last)
    if last == 0:
        return 0
    return int(st.slider("Layer", 0, last, key=key, help="Counted from 0; the last by default."))


def pick_head(source: Source, name: str = "head") -> str:
    """Let the person choose a head, or the mean of all, which is the default."""
    options = [MEAN, *(str(head) for head in range(source.heads))]
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
        return Map(other, pick_layer(other, "layer2"), pick_head(other, "head2"), shown.hide)


def _source(model: str, source: Source, notices: Notices) -> Source | None:
    """Give the record of the second model for the same photo, or None with the reason said."""
    if model == source.asked.model:
        return source
    with notices.guard():
        asked = source.asked
        request = Request(asked.photo, model, picker.own_size(model), asked.fit)
        return attention.source(request, work.run_shown(request, records.attention))
    return None
