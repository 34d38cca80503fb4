"""Models that failed to load: tried again only when the visitor asks, not at every run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import streamlit as st
from heedmap.errors import ModelError
from heedmap.languages import Phrase
from heedmap.pages.language import tr

_FAILED = "heedmap.failed"  # id of a model -> why it failed in this session


@contextmanager
def remembered(id: str) -> Iterator[None]:
    """Raise the previous error again, if there was one; remember an error that comes up now.

    Each try with an unreachable hub takes half a minute.

    Raises:
        ModelError: why the model failed.
    """
    if id in _failed():
        raise ModelError(_failed()[id])
    try:
        yield
    except ModelError as error:
        _failed()[id] = error.sentence
        raise


def offer_again(ids: Iterable[str], where: str = "") -> None:
    """Show a button that tries again, for each of these models that has failed.

    `where` tells apart several places on one page.
    """
    for id in ids:
        if id in _failed():
            st.button(
                tr("Try again"),
                key=f"again {id}{where and f' {where}'}",
                on_click=_forget,
                args=(id,),
                icon=":material/refresh:",
            )


def _forget(id: str) -> None:
    _failed().pop(id, None)


def _failed() -> dict[str, Phrase]:
    found: dict[str, Phrase] = st.session_state.setdefault(_FAILED, {})
    return found
