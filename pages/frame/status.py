"""The status line: what the app is at, in a place in the head that is kept for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

_PLACE = "heedmap.status"


def reserve() -> None:
    """Keep the place of this run."""
    st.session_state[_PLACE] = st.container(
        key="status", width="stretch", horizontal=True, vertical_alignment="center"
    )


def line() -> DeltaGenerator:
    """The place of this run, to be used with `with`: one line fits."""
    place: DeltaGenerator = st.session_state[_PLACE]
    return place
