"""The controls of the CLIP page: the two layers shown large, and the grid of all."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from heedmap.pages.parts import attention, heads, link
from heedmap.pages.parts.attention import Map
from heedmap.pages.parts.components import gallery
from heedmap.pages.parts.drawing import Drawing, ratio, thumbnail
from heedmap.pages.parts.shell import section_row

_TURN = "heedmap.turn"  # which of the two pictures the next pick replaces: 0 or 1
NAMES = ("first", "second")
ACROSS = "How attention changes from layer to layer of the vision tower."


def pick_pair(depth: int) -> tuple[int, ...]:
    """Let the person choose the two layers that stand side by side: the middle and the last.

    Of a single one, such as a pooling head, there is no pair.
    """
    defaults = (max(0, depth // 2 - 1), depth - 1)
    keys = [link.whole(name, 0, depth - 1, own) for name, own in zip(NAMES, defaults, strict=True)]
    if depth == 1:
        return (0,)
    left, right = (
        st.slider(f"{name.capitalize()} layer", 0, depth - 1, key=key)
        for name, key in zip(NAMES, keys, strict=True)
    )
    return int(left), int(right)


def swap_in(layer: str) -> None:
    """Put a picked layer into one of the two pictures; they take turns."""
    turn = int(st.session_state.get(_TURN, 0))
    st.session_state[f"clip.{NAMES[turn]}"] = int(layer)
    st.session_state[_TURN] = 1 - turn


def facts(shown: Sequence[Map]) -> list[tuple[str, str]]:
    """Tell what always has to be known: the model, what it saw, and which maps these are."""
    first = shown[0]
    if len(shown) == 1:
        return attention.facts(first)
    numbers = " and ".join(str(each.layer) for each in shown)
    return [
        *attention.sight(first),
        ("Layers", f"{numbers} (first 0, last {first.source.depth - 1})"),
        ("Head", attention.among(first.head, first.source.heads())),
        *((f"In layer {each.layer}", each.strongest) for each in shown),
    ]


def show_all(shown: Sequence[Map], drawing: Drawing) -> tuple[dict[str, Map], int]:
    """Show all layers, or all heads where there is one layer, to pick from.

    Returns the maps that were shown by their captions, and the columns that they stand in.
    """
    first = shown[0]
    if len(shown) == 1:
        return heads.show_all(first, drawing, "clip.head"), 4
    columns = _pick_columns()
    every = {each.layer_name: each for each in attention.layers(first)}
    items = [thumbnail(str(each.layer), name, each, drawing) for name, each in every.items()]
    gallery(
        [{"items": items}],
        [str(each.layer) for each in shown],
        swap_in,
        label="Layers",
        key="layers",
        ratio=ratio(first.seen),
        columns=columns,
        badges=["1", "2"],
    )
    return every, columns


def _pick_columns() -> int:
    """Let the person choose how many columns the grid of layers has."""
    with section_row("All layers", "Pick one to see it large; the two pictures take turns."):
        options = range(2, 9)
        key = link.whole("cols", 2, 8, 4)
        return int(
            st.selectbox(
                "Columns", options, key=key, width=130, format_func=lambda n: f"{n} columns",
                label_visibility="collapsed",
            )
        )  # fmt: skip
