"""The controls of attention maps: kind, layer, head, view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from heedmap.pages.frame import link
from heedmap.views import attention
from heedmap.views.attention import MEAN
from heedmap.viz import KINDS

if TYPE_CHECKING:
    from heedmap.models import Adapter

PAIR = ("first", "second")  # the settings of two layers side by side


def pick_kind(adapter: Adapter, name: str = "kind") -> str | None:
    """Let the visitor choose a kind of attention, where the model has several."""
    kinds = adapter.kinds
    if not kinds:
        return None
    key = link.choice(name, kinds, kinds[0])
    if len(kinds) == 1:
        return kinds[0]
    return str(
        st.segmented_control(
            "Attention", kinds, key=key, format_func=lambda kind: KINDS[kind].name,
            required=True, width="stretch",
            help="  \n".join(f"{KINDS[kind].name}: {KINDS[kind].reading}" for kind in kinds),
        )
    )  # fmt: skip


def pick_layer(depth: int, name: str = "layer") -> int:
    """Let the visitor choose one of so many layers, the last by default."""
    last = depth - 1
    key = link.whole(name, 0, last, last)
    if last == 0:
        return 0
    return int(st.slider("Layer", 0, last, key=key, help="Counted from 0; the last by default."))


def pick_pair(depth: int) -> tuple[int, ...]:
    """Let the visitor choose two layers to see side by side, the middle and the last by default.

    A single layer, such as a pooling head, has no pair.
    """
    defaults = (max(0, depth // 2 - 1), depth - 1)
    keys = [link.whole(name, 0, depth - 1, own) for name, own in zip(PAIR, defaults, strict=True)]
    if depth == 1:
        return (0,)
    left, right = (
        st.slider(f"{name.capitalize()} layer", 0, depth - 1, key=key)
        for name, key in zip(PAIR, keys, strict=True)
    )
    return int(left), int(right)


def pick_head(count: int, name: str = "head") -> str:
    """Let the visitor choose one of so many heads, or the mean of all, which is the default."""
    options = [MEAN, *(str(head) for head in range(count))]
    key = link.choice(name, options, MEAN)
    return str(st.selectbox("Head", options, key=key, format_func=_head_name))


def pick_difference() -> bool:
    """Let the visitor see the difference of two maps as a third picture."""
    return st.toggle(
        "Their difference", key=link.switch("less"),
        help="Where which of the two has more of its attention, by share per area.",
    )  # fmt: skip


def pick_hiding() -> bool:
    """Let the visitor hide outlier patches."""
    return st.toggle(
        "Hide outlier patches", key=link.switch("hide"),
        help="Some models store information in a few patches of plain background, which then "
        "outshine all others. This hides them and renormalises the rest.",
    )  # fmt: skip


def _head_name(head: str) -> str:
    name = attention.head_name(head)
    return name[0].upper() + name[1:]
