"""The top of every page: name of the app, links to its pages, title, copy button."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from heedmap.pages.frame import link
from heedmap.pages.stage.components import copy_link

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

_HERE = Path(__file__).parent
ICON = str(_HERE / "icon.png")


def navigation(pages: Sequence[Any]) -> None:
    """Show the name of the app and links to its pages, which keep the shared settings."""
    st.html(_HERE / "style.css")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="nav"):
        st.html('<span class="wordmark">Heedmap</span>', width="content")
        for page in pages:
            st.page_link(page, query_params=link.shared_query())


def head(title: str) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Show the title of a page; return the places for the line under it and for links beside it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(title, anchor=False, width="stretch")
        links = st.container(width="content")
        copy_link()
    return st.container(), links
