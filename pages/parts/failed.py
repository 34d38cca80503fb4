"""Models that could not be had: not asked for again at every move, but when the person says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from heedmap.errors import ModelError

_FAILED = "heedmap.failed"  # id of a model -> why this session could not have it


def known(id: str) -> None:
    """Raise the error of last time, where there was one: a hub out of reach costs half a minute.

    Raises:
        ModelError: the model could not be had.
    """
    if id in _failed():
        raise ModelError(_failed()[id])


@contextmanager
def remembered(id: str) -> Iterator[None]:
    """Remember an error that comes up for this model, and pass it on."""
    try:
        yield
    except ModelError as error:
        _failed()[id] = str(error)
        raise


def offer_again(id: str) -> None:
    """Offer to try once more, where the model has failed."""
    if id in _failed():
        st.button(
            "Try again", key=f"again {id}", on_click=_forget, args=(id,),
            icon=":material/refresh:",
        )  # fmt: skip


def _forget(id: str) -> None:
    _failed().pop(id, None)


def _failed() -> dict[str, str]:
    found: dict[str, str] = st.session_state.setdefault(_FAILED, {})
    return found
