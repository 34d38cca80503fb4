"""The top of every page: name of the app, links to its pages, title, status line, copy button."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from heedmap.pages import language
from heedmap.pages.frame import link, sharing, status
from heedmap.pages.language import told
from heedmap.pages.stage import components
from heedmap.pages.stage.panels import words

if TYPE_CHECKING:
    from heedmap.views.attention import Map
    from heedmap.views.channels import Channel
    from heedmap.views.reasons import Reason
    from heedmap.views.render import Look
    from streamlit.delta_generator import DeltaGenerator

_HERE = Path(__file__).parent
ICON = str(_HERE / "icon.png")
_STYLED = "Heedmap-Styled"  # the header of a server whose first page has the style already
_TAB = "heedmap.tab"  # the name of the tab, kept between runs so that it does not flicker
_WORDS = "heedmap.words"  # the place of the explanations in the head
_LINKS = "heedmap.links"  # the place of links to other pages in the head
_TAKE = "heedmap.take"  # the place of the export in the head


def navigation(pages: Sequence[Any]) -> None:
    """Show the name of the app and links to its pages, which keep the shared settings."""
    if _STYLED not in st.context.headers:
        st.html(_HERE / "style.css")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="nav"):
        st.html('<span class="wordmark">Heedmap</span>', width="content")
        for page in pages:
            st.page_link(page, label=told(page.title), query_params=link.shared_query())
        language.control()


def head(title: str) -> DeltaGenerator:
    """Show the title of a page, and return the place for the line under it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="head"):
        st.title(told(title), anchor=False, width="content")
        status.reserve()
        st.session_state[_LINKS] = st.container(
            key="links", width="content", horizontal=True, gap="small"
        )
        st.session_state[_WORDS] = st.container(key="words", width="content")
        st.session_state[_TAKE] = st.container(key="take", width="content")
        sharing.copy_button()
    return st.container(key="caption")


def links() -> DeltaGenerator:
    """The place in the head for links to other pages."""
    place: DeltaGenerator = st.session_state[_LINKS]
    return place


def take() -> DeltaGenerator:
    """The place in the head for the export."""
    place: DeltaGenerator = st.session_state[_TAKE]
    return place


def explain(shown: Map | Channel | Reason, look: Look) -> None:
    """Offer to explain the words of this page in its picture; see `components.explain`.

    The panel opens by itself at the first visit: what it shows then runs alone, not the page again.
    """
    with st.session_state[_WORDS]:
        _explain(shown, look)


@st.fragment
def _explain(shown: Map | Channel | Reason, look: Look) -> None:
    components.explain(words(shown, look, drawn=components.explained()))


def name_tab(*parts: str) -> None:
    """Name the browser's tab by what the page shows, until it shows something else."""
    st.session_state[_TAB] = " · ".join([*map(told, parts), "Heedmap"])
    st.set_page_config(page_title=st.session_state[_TAB])


def tab() -> str:
    """The name of the browser's tab that a run starts with."""
    return str(st.session_state.get(_TAB, "Heedmap"))
