"""What the browser computes the maps of single patches from: sent after the map, when asked for."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from heedmap.pages.frame import link
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.pages.stage import components
from heedmap.views import patches
from heedmap.views.attention import Map
from heedmap.views.request import Request

_ASKED = "heedmap.live"  # set by the browser, then the forward pass that it was asked of


def ask(settings: dict[str, str]) -> None:
    """Take what the stage asks for: settings, and whether it wants to compute maps itself."""
    if settings.pop("live", ""):
        st.session_state[_ASKED] = True
    link.ask(settings)


def send_queries(shown: Sequence[Map]) -> None:
    """Send the queries and keys of the layers of these maps, where maps are had from patches."""
    first = shown[0].source
    follows = st.session_state.get(link.key_of("follow"), False)
    if st.session_state.get(_ASKED) is True:
        st.session_state[_ASKED] = first.request
    asked = st.session_state.get(_ASKED) == first.request
    if not first.home or not (first.patch or follows or asked):
        return
    wanted = {(each.request, each.layer) for each in shown if each.source.home and not each.hide}
    found = [_of_layer(*each) for each in sorted(wanted, key=str)]
    components.queries([each for each in found if each])


def _of_layer(request: Request, layer: int) -> patches.Sent | None:
    return run_shown(load(request.model), request, layer, patches.sent)
