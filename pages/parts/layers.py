"""The controls of the CLIP page: which attention, which head, and the two layers shown large."""

from __future__ import annotations

import streamlit as st

from . import link
from .attention import KINDS
from .shell import section_row

_TURN = "heedmap.turn"  # which of the two pictures the next pick replaces: 0 or 1
NAMES = ("first", "second")
_KIND_NAMES = {"cls": "From CLS", "tokens": "Token to token"}


def pick_kind() -> str:
    """Let the person choose between the attention of CLS and the mean of all tokens."""
    return str(
        st.segmented_control(
            "Attention", KINDS, key=link.choice("kind", KINDS, "cls"),
            format_func=_KIND_NAMES.__getitem__, required=True, width="stretch",
            help="From CLS: how the CLS token attends to each patch. Token to token: how much "
            "each patch is attended to by all patches, on average.",
        )
    )  # fmt: skip


def pick_pair(depth: int) -> tuple[int, int]:
    """Let the person choose the two layers that stand side by side: the middle and the last."""
    defaults = (max(0, depth // 2 - 1), depth - 1)
    keys = [link.whole(name, 0, depth - 1, own) for name, own in zip(NAMES, defaults, strict=True)]
    if depth == 1:
        return 0, 0
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


def pick_columns() -> int:
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
