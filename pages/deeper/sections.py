"""Which section is open below the map, kept in the link."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.deeper import features
from heedmap.pages.frame import link
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.text import heading
from heedmap.pages.language import named, tr
from heedmap.views.attention import Map
from heedmap.views.render import Look

SECTIONS = {
    "overview": Phrase("All layers and heads"),
    "numbers": Phrase("Numbers of heads"),
    "matrix": Phrase("Attention matrix"),
    "features": Phrase("Features"),
}


def setting() -> str:
    """The key of the section that is open; none by default. To be called before `link.finish`."""
    none: str | None = None
    key = link.setting("deeper", none, str, fits=lambda name: name in SECTIONS)
    if st.session_state.get(key) == "features":
        features.settings()
    return key


def show(key: str, hero: Map, look: Look) -> None:
    """Let the visitor open a section, and show it.

    Args:
        key: what `setting` returned.
        hero: the map that is shown large.
        look: how it is drawn.
    """
    heading(tr("Look deeper"), tr("Open a view of the whole model."))
    name = st.pills(
        tr("Look deeper"), SECTIONS, key=key, format_func=named(SECTIONS),
        label_visibility="collapsed",
    )  # fmt: skip
    if name:
        with Notices().guard():
            _section(name)(hero, look)


def _section(name: str) -> Callable[[Map, Look], None]:
    """Imported when it is opened."""
    found: Callable[[Map, Look], None] = import_module(f"heedmap.pages.deeper.{name}").show
    return found
