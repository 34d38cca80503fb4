"""Galleries to pick from: the heads of a layer, the layers of a model, the channels of layers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.controls.attention import PAIR
from heedmap.pages.frame import link
from heedmap.pages.frame.text import heading, heading_row
from heedmap.pages.language import named, tr
from heedmap.pages.stage.components import gallery
from heedmap.pages.stage.panels import channel_groups, followed, head_items, layer_items, ratio
from heedmap.views.attention import Map
from heedmap.views.channels import Channel
from heedmap.views.render import Look

_TURN = "heedmap.turn"  # which of the two layers the next pick replaces: 0 or 1


def show_heads(shown: Map, look: Look) -> None:
    """Show the mean and all heads of a layer, to pick from."""
    key = link.key_of("head")
    first = (shown.layer, shown.head) == shown.source.first
    pooling = shown.source.kind == "pool"
    heading(
        tr("All heads of the pooling head")
        if pooling
        else tr("All heads of layer {layer}", layer=shown.layer),
        tr("Pick one to see it large. Shown is the most concentrated head of all layers.")
        if first
        else tr("Pick one to see it large."),
    )
    gallery(
        [{"items": head_items(shown, look)}],
        [shown.head],
        lambda picked: choose(key, picked),
        label=tr("Heads of the pooling head")
        if pooling
        else tr("Heads of layer {layer}", layer=shown.layer),
        key="heads",
        ratio=ratio(shown.seen),
        live=followed(shown),
    )


def show_layers(shown: Sequence[Map], look: Look) -> int:
    """Show all layers, to pick two from, and return how many are in a row."""
    first = shown[0]
    columns = _pick_columns()
    keys = [link.key_of(name) for name in PAIR]
    gallery(
        [{"items": layer_items(first, look)}],
        [str(each.layer) for each in shown],
        lambda picked: swap_in(keys, int(picked)),
        label=tr("Layers"),
        key="layers",
        ratio=ratio(first.seen),
        columns=columns,
        badges=["1", "2"],
    )
    return columns


def show_channels(rows: dict[str, list[Channel]], hero: Channel, look: Look, columns: int) -> None:
    """Show channels in a row for each layer, to pick from."""
    key = link.key_of("channel")
    heading(
        tr("The strongest channels"),
        tr("Ranked by the mean {what}. Pick one to see it large.", what=hero.what),
    )
    gallery(
        channel_groups(rows, look),
        [hero.name],
        lambda picked: choose(key, picked),
        label=tr("Channels"),
        key="channels",
        ratio=ratio(hero.seen),
        columns=columns,
    )


def choose(key: str, value: str) -> None:
    """Set a control from a picture that was picked."""
    st.session_state[key] = value


def swap_in(keys: Sequence[str], layer: int) -> None:
    """Show a picked layer in one of the two pictures; they take turns."""
    turn = int(st.session_state.get(_TURN, 0))
    st.session_state[keys[turn]] = layer
    st.session_state[_TURN] = 1 - turn


def _pick_columns() -> int:
    """Let the visitor choose how many layers are in a row."""
    with heading_row(
        tr("All layers"), tr("Pick one to see it large; the two pictures take turns.")
    ):
        options = range(2, 9)
        key = link.whole("cols", 2, 8, 4)
        return int(
            st.selectbox(
                tr("Columns"),
                options,
                key=key,
                width=130,
                format_func=named(lambda n: Phrase("{count} columns", count=n)),
                label_visibility="collapsed",
            )
        )
