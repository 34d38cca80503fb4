"""The controls of attention maps: kind, layer, head, view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from heedmap.pages.frame import link
from heedmap.views import attention, patches
from heedmap.views.attention import MEAN
from heedmap.views.patches import Patch
from heedmap.viz import KINDS

if TYPE_CHECKING:
    from heedmap.models import Adapter

PAIR = ("first", "second")  # the settings of two layers side by side


def pick_kind(adapter: Adapter) -> str | None:
    """Let the visitor choose a kind of attention, where the model has several."""
    kinds = patches.kinds(adapter)
    if not kinds:
        return None
    key = link.choice("kind", kinds, adapter.kinds[0])
    if len(kinds) == 1:
        return kinds[0]
    return str(
        st.radio(
            "Attention", kinds, key=key, format_func=lambda kind: KINDS[kind].name,
            help="  \n".join(f"{KINDS[kind].name}: {KINDS[kind].reading}" for kind in kinds),
        )
    )  # fmt: skip


def chosen_patch(grid: tuple[int, int]) -> Patch:
    """The patch that is chosen on the map, in the grid of what the model saw."""

    def fits(patch: Patch) -> bool:
        return 0 <= patch[0] < grid[0] and 0 <= patch[1] < grid[1]

    key = link.setting("patch", patches.middle(grid), _read_patch, write=_write_patch, fits=fits)
    found: Patch = st.session_state[key]
    return found


def pick_layer(depth: int, name: str = "layer", *, compact: bool = False) -> int:
    """Let the visitor choose one of so many layers, the last by default; `compact` in a bar."""
    last = depth - 1
    key = link.whole(name, 0, last, last)
    if compact:
        return int(
            st.selectbox(
                "Second layer", range(depth), key=key, format_func="Layer {}".format, width=130,
                label_visibility="collapsed", disabled=last == 0,
            )
        )  # fmt: skip
    return int(
        st.slider(
            "Layer", 0, max(last, 1), key=key, disabled=last == 0,
            help="A model reads the photo in layers, each from the one before. Counted from 0.",
        )
    )  # fmt: skip


def pick_pair(depth: int) -> tuple[int, ...]:
    """Let the visitor choose two layers to see side by side, the middle and the last by default.

    A single layer, such as a pooling head, has no pair.
    """
    defaults = (max(0, depth // 2 - 1), depth - 1)
    keys = [link.whole(name, 0, depth - 1, own) for name, own in zip(PAIR, defaults, strict=True)]
    if depth == 1:
        return (0,)
    left, right = (
        st.slider(
            f"{name.capitalize()} layer", 0, depth - 1, key=key,
            help="The picture on this side, and where it stands among the layers; from 0.",
        )
        for name, key in zip(PAIR, keys, strict=True)
    )  # fmt: skip
    return int(left), int(right)


def pick_head(count: int, name: str = "head", *, compact: bool = False) -> str:
    """Let the visitor choose one of so many heads, or the mean of all, which is the default.

    `compact` is for a bar.
    """
    options = [MEAN, *(str(head) for head in range(count))]
    key = link.choice(name, options, MEAN)
    return str(
        st.selectbox(
            "Second head" if compact else "Head", options, key=key, format_func=_head_name,
            label_visibility="collapsed" if compact else "visible",
            width=190 if compact else "stretch",
            help="Each head of a layer reads the photo in its own way. Counted from 0.",
        )
    )  # fmt: skip


def pick_hiding() -> bool:
    """Let the visitor hide outlier patches."""
    return st.toggle(
        "Hide outlier patches", key=link.switch("hide"),
        help="Some models store information in a few patches of plain background, which then "
        "outshine all others. This hides them and renormalises the rest.",
    )  # fmt: skip


def _read_patch(text: str) -> Patch:
    row, column = text.split(",")
    return int(row), int(column)


def _write_patch(patch: Patch) -> str:
    return f"{patch[0]},{patch[1]}"


def _head_name(head: str) -> str:
    name = attention.head_name(head)
    return name[0].upper() + name[1:]
