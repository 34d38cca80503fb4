"""Errors, and notices about what differs from what was asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from heedmap.errors import HeedmapError
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.frame.text import plain

_LOG = logging.getLogger("heedmap")

UNEXPECTED = Phrase("Something went wrong on the server (see its log): try another photo or model.")


class Notices:
    """A place on the page for the notices and errors of this run."""

    def __init__(self) -> None:
        self.place = st.container()
        self._said: list[str] = []

    def show(self) -> None:
        """Show the notices of `link.notice`."""
        if link.notices():
            self.place.info("  \n".join(map(plain, link.notices())), icon=":material/info:")

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Show an error as one sentence and go on; an unexpected one is logged."""
        try:
            yield
        except Exception as error:
            self._say(sentence(error))

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.append(sentence)
            self.place.error(plain(sentence), icon=":material/error:")


def sentence(error: Exception) -> Phrase:
    """What a visitor reads about an error; an unexpected one is logged."""
    if isinstance(error, HeedmapError):
        return error.sentence
    _LOG.error("unexpected", exc_info=error)
    return UNEXPECTED
