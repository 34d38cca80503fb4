"""The status line: what the app is at, in a place in the head that is kept for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import streamlit as st
from heedmap.pages.language import tr

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

_PLACE = "heedmap.status"
_STARTING = "heedmap.starting"  # the words that stand there until something else is told

_started = threading.Event()  # once anything was told: a server that has just started is slow


def reserve() -> None:
    """Keep the place of this run; on a server that has just started it is told at once."""
    place = st.container(
        key="status", width="stretch", horizontal=True, vertical_alignment="center"
    )
    st.session_state[_PLACE] = place
    st.session_state[_STARTING] = None if _started.is_set() else place.caption(tr("Starting …"))


def line() -> DeltaGenerator:
    """The place of this run, to be used with `with`: one line fits."""
    if starting := st.session_state[_STARTING]:
        starting.empty()
        st.session_state[_STARTING] = None
    _started.set()
    place: DeltaGenerator = st.session_state[_PLACE]
    return place
