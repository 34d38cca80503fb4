"""A page's entry in the table of app.py, handed over at each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from heedmap.languages import LANGUAGES
from heedmap.models import Model
from heedmap.models.capabilities import Can, fits
from heedmap.pages import language
from heedmap.pages.frame import link

_TABLE = "heedmap.pages"  # the table of pages, once app.py has run in this session


@dataclass(frozen=True)
class Page:
    """A page of the app.

    Attributes:
        name: of its script, `pages/<name>.py`, and of its settings.
        title: its name for people.
        icon: a Material symbol.
        address: its path in the URL, "" for the first page; else the same as its name.
        model: the id of the model that it opens with; "" for a page that is for none or for any.
        needs: what a model must be able to do; see `models.capabilities`.
    """

    name: str
    title: str
    icon: str
    address: str
    model: str = ""
    needs: Can = frozenset()

    @property
    def script(self) -> str:
        """The path of its script."""
        return f"pages/{self.name}.py"


def hand_over(pages: Sequence[Page]) -> None:
    """Make the table of pages known to the pages of this session."""
    st.session_state[_TABLE] = {page.name: page for page in pages}


def enter(name: str) -> Page:
    """Start a run of a page, and return its entry in the table.

    Streamlit takes a folder named `pages` for its list of pages until `st.navigation` has been
    called: on a server that has just started, a link to /clip runs pages/clip.py without app.py.
    Naming the pages once makes the next run start with app.py.
    """
    if _TABLE not in st.session_state:
        st.navigation(["app.py", f"pages/{name}.py"], position="hidden")
        st.rerun()
    link.begin(name)
    link.choice(language.NAME, LANGUAGES, language.of_browser(), shared=True)
    page: Page = st.session_state[_TABLE][name]
    return page


def pages_of(model: Model) -> list[Page]:
    """The pages for models of its kind."""
    table: dict[str, Page] = st.session_state[_TABLE]
    return [page for page in table.values() if page.needs and fits(model.can, page.needs)]


def pages_for(model: Model) -> list[str]:
    """Their titles."""
    return [page.title for page in pages_of(model)]


def script_of(name: str) -> str:
    """The path of the script of a page."""
    table: dict[str, Page] = st.session_state[_TABLE]
    return table[name].script
