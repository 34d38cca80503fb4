"""The visitor's language: the one they chose or their link names, else their browser's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from heedmap import languages
from heedmap.languages import ENGLISH, LANGUAGES, Phrase
from heedmap.private import went_through_history

NAME = "lang"  # of the setting in a link, which pages share
_KEY = f"all.{NAME}"


def tr(text: str, /, **values: object) -> str:
    """A text of a page in the visitor's language; see `languages.Phrase`."""
    return languages.translated(Phrase(text, **values), spoken())


def told(given: Any) -> Any:
    """What other rooms say, in the visitor's language; text that is no phrase stays as it is."""
    return languages.in_language(given, spoken()) if spoken() != ENGLISH else given


def named(names: Mapping[Any, str] | Callable[[Any], str]) -> Callable[[Any], str]:
    """What a control writes for its options; in the language of this run, whenever it is asked."""
    name_of, language = names if callable(names) else names.__getitem__, spoken()
    return lambda option: languages.translated(name_of(option), language)


def spoken() -> str:
    """The language of this run; English where no visitor is."""
    return str(st.session_state.get(_KEY, ENGLISH))


def begin() -> None:
    """Settle the language of a run before anything is shown; then `frame.page.enter` keeps it."""
    chosen = "" if went_through_history() else st.session_state.get(_KEY, "")
    asked = (chosen, st.query_params.get(NAME, ""), of_browser())
    st.session_state[_KEY] = next(each for each in asked if each in LANGUAGES)


def of_browser() -> str:
    """The language that the visitor's browser asks for, English where there is no other."""
    return languages.nearest(st.context.locale or "")


def control() -> None:
    """Show a button for each other language, in its own words."""
    for language, name in LANGUAGES.items():
        if language != spoken():
            st.button(
                name, key=f"speak {language}", type="tertiary", on_click=_choose, args=(language,)
            )


def _choose(language: str) -> None:
    st.session_state[_KEY] = language
