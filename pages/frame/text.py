"""Headings, and text escaped for Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st
from heedmap.pages.language import told

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


def heading(title: str, hint: str = "") -> None:
    """Write a heading on the page, with a hint behind it."""
    st.html(_heading(title, hint))


def heading_row(title: str, hint: str = "") -> DeltaGenerator:
    """Write a heading on the page, and return its row for the controls behind it."""
    row = st.container(horizontal=True, vertical_alignment="bottom", key="row")
    with row:
        st.html(_heading(title, hint), width="stretch")
    return row


def section(title: str, hint: str = "") -> None:
    """Write a heading in the sidebar, with a hint at its end."""
    st.html(f'<h3 class="section">{title} <small>{hint}</small></h3>')


def plain(text: str) -> str:
    """Escape a text for Markdown; a phrase is in the visitor's language."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~:$<>&])", r"\\\1", told(text))


def _heading(title: str, hint: str) -> str:
    return f'<h2 class="heading">{title} <small>{hint}</small></h2>'
