"""What surrounds every page: its head, its notices, and what happens when something goes wrong."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from heedmap.errors import HeedmapError
from heedmap.pages.parts import link
from heedmap.pages.parts.components import copy_link
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.pages_manager import PagesManager

_LOG = logging.getLogger("heedmap")

UNEXPECTED = (
    "Something broke on our side and was written to the server's log: try another photo or model."
)


def enter(page: str) -> None:
    """Start a run of a page, always by way of app.py.

    A server that has just started takes the folder `pages` for its list of pages until app.py has
    named them: a link to /clip as the first visit would come here alone.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
    link.begin(page)


def head(title: str) -> DeltaGenerator:
    """Write the page's title and the button that copies its link.

    Gives the place for the line on what is shown, which may have to wait for the model.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(title, anchor=False, width="stretch")
        copy_link()
    return st.container()


def navigation(pages: Sequence[Any]) -> None:
    """Show the name of the app and its pages; what pages share goes along in the links."""
    st.html(Path(__file__).parent / "style.css")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="nav"):
        st.html('<span class="wordmark">Heedmap</span>', width="content")
        for page in pages:
            st.page_link(page, query_params=link.shared_query())


def heading(title: str, hint: str = "") -> None:
    """Write a heading on the page, with a hint behind it."""
    st.html(f'<h2 class="heading">{title} <small>{hint}</small></h2>')


def section_row(title: str, hint: str = "") -> DeltaGenerator:
    """Write a heading on the page and give the row, for controls that stand behind it."""
    row = st.container(horizontal=True, vertical_alignment="bottom", key="row")
    with row:
        st.html(f'<h2 class="heading">{title} <small>{hint}</small></h2>', width="stretch")
    return row


def section(title: str, hint: str = "") -> None:
    """Write a heading in the sidebar, with a hint at its end."""
    st.html(f'<h3 class="section">{title} <small>{hint}</small></h3>')


def plain(text: str) -> str:
    """Keep Markdown from reading a foreign text as markup."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~:$<>&])", r"\\\1", text)


class Notices:
    """A place on the page that shows the notices and the errors of this run."""

    def __init__(self) -> None:
        self.place = st.container()
        self._said: list[str] = []

    def show(self) -> None:
        """Show what `link.notice` was told."""
        if link.notices():
            self.place.info("  \n".join(map(plain, link.notices())), icon=":material/info:")

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Turn an error into one sentence; what was not reached stays as it was."""
        try:
            yield
        except HeedmapError as error:
            self._say(str(error))
        except Exception:
            _LOG.exception("unexpected")
            self._say(UNEXPECTED)

    def _say(self, sentence: str) -> None:
        """Show an error, once."""
        if sentence not in self._said:
            self._said.append(sentence)
            self.place.error(plain(sentence), icon=":material/error:")
