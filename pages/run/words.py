"""What the page of words starts with: choose texts and a model, load it, run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import streamlit as st
from heedmap import models
from heedmap.languages import Phrase
from heedmap.models.adapter.pieces import MASK
from heedmap.pages.controls.model import pick_model, show_card
from heedmap.pages.controls.words import pick_texts
from heedmap.pages.frame import link
from heedmap.pages.frame.head import name_tab
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import Page
from heedmap.pages.frame.text import plain, section
from heedmap.pages.language import tr
from heedmap.pages.run.answer import first_ready, run_shown
from heedmap.pages.run.loading import can_read, describe
from heedmap.views import words
from heedmap.views.request import TextRequest
from heedmap.views.words import Source

if TYPE_CHECKING:
    from heedmap.models import Adapter, Model

T = TypeVar("T")

_LAST = "heedmap.last text"  # the text that worked last in this session


def open_words(page: Page, notices: Notices) -> tuple[Adapter, Source, Source | None]:
    """The chosen text in the chosen model, and another that it is compared with."""
    with st.sidebar:
        section(tr("Text"))
        mode, text, second = pick_texts()
        section(tr("Model"), tr("or type an id or URL"))
        id = pick_model(page.needs, page.model)
        asked = _describe(page, id, notices)
        if asked:
            show_card(asked)
    adapter = first_ready(page, id, asked is not None, notices)
    shown = models.record(adapter.id)
    if shown != asked:
        st.sidebar.caption(tr("Shown instead: {title}.", title=plain(shown.title)))
    name_tab(page.title, shown.title)
    if not can_read(adapter, notices):
        notices.show()
        link.finish()
        st.stop()
    pair = second if mode == "pair" else None
    source = _read(adapter, TextRequest(text, adapter.id, pair), notices)
    if MASK in f"{text}{second}" and not source.mask:
        link.notice(
            Phrase(
                "{model} guesses no masked words: it reads {mask} as letters.",
                model=source.model,
                mask=MASK,
            )
        )
    if mode != "compare":
        return adapter, source, None
    return adapter, source, _read(adapter, TextRequest(second or "", adapter.id), notices)


def run(adapter: Adapter, source: Source, work: Callable[[Adapter, Source], T]) -> T:
    """Run the model once more on a text, showing a spinner."""
    return run_shown(adapter, source.request, None, lambda model, *_: work(model, source))


def _read(adapter: Adapter, request: TextRequest, notices: Notices) -> Source:
    """A text in a model; where that fails, why, and the text that worked last."""
    for asked in dict.fromkeys(_in_turn(request)):
        with notices.guard():
            found = run_shown(adapter, asked, None, words.source)
            st.session_state[_LAST] = asked
            return found
    notices.show()
    return st.stop()


def _in_turn(request: TextRequest) -> Iterator[TextRequest]:
    yield request
    if request.pair is not None:
        yield replace(request, pair=None)
    if last := st.session_state.get(_LAST):
        yield replace(last, model=request.model)
    yield TextRequest(words.EXAMPLES["one"][0], request.model)


def _describe(page: Page, id: str, notices: Notices) -> Model | None:
    """Say what a model is; None for one that the page cannot show, with an error shown."""
    with st.container(key="about"), notices.guard():  # as tall for every model
        st.caption("  \n".join(map(plain, describe(page, id))))
        return models.record(id)
    return None
