"""Look a model up and load it, with a progress bar where it takes more than a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import streamlit as st
from heedmap import models
from heedmap.errors import ModelError
from heedmap.languages import Phrase, join
from heedmap.models.capabilities import fits
from heedmap.models.catalogue.policy import size
from heedmap.pages.frame import status
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import Page, pages_for
from heedmap.pages.frame.text import plain
from heedmap.pages.language import told, tr
from heedmap.pages.run.failures import offer_again, remembered
from heedmap.views import model_facts
from heedmap.views.costs import span

if TYPE_CHECKING:
    from heedmap.models import Adapter, Loading, Progress

T = TypeVar("T")

_WANTED = "heedmap.text towers"  # ids of models whose text tower this visitor wants to download
_PATIENCE = 0.4  # seconds before a progress bar is shown


def describe(page: Page, id: str) -> list[str]:
    """What a model is, in lines; asks the hub about an id that is new.

    Raises:
        ModelError: a model that this page cannot show, and why.
    """
    with remembered(id), status.line(), st.spinner(tr("Asking the hub about {id} …", id=plain(id))):
        entry = models.record(id)
        if fits(entry.can, page.needs):
            return model_facts.lines(entry)
    *others, last = pages_for(entry)
    several = Phrase("{others} or {last}", others=join(others), last=last)
    where = several if others else last
    raise ModelError(
        "{title} is shown on another page: see {where}.", title=entry.title, where=where
    )


def load(id: str) -> Adapter:
    """Load a model, showing its progress; the visitor may move controls meanwhile.

    Raises:
        ModelError: why it cannot be loaded.
    """
    with remembered(id):
        return _waited(models.begin(id), lambda: models.record(id).title)


def can_read(adapter: Adapter, notices: Notices) -> bool:
    """Whether a model reads texts now: where its text tower is apart, that is loaded here.

    One that is a download is offered with its size first; it goes on while the visitor is
    elsewhere.
    """
    id = f"{adapter.id} text"  # for what is remembered of it
    ready = adapter.reading.apart is None
    with notices.guard(), remembered(id):
        if not ready and _agreed(adapter):
            title = Phrase("Text tower of {title}", title=adapter.title)
            _waited(models.begin_text(adapter.id), lambda: title)
            ready = True
    with notices.place:
        offer_again([id])
    return ready


def _agreed(adapter: Adapter) -> bool:
    """Whether the text tower needs no download, or the visitor wants it."""
    wanted: set[str] = st.session_state.setdefault(_WANTED, set())
    nbytes = 0 if adapter.id in wanted else model_facts.text_download(adapter.id)
    if not nbytes:
        return True
    st.caption(
        tr(
            "To read texts, {title} needs one more file: open_clip's, which holds its text tower "
            "and the image tower once more.",
            title=plain(adapter.title),
        )
    )
    st.button(
        tr("Download {size} to read texts", size=size(nbytes)),
        key="get text tower",
        on_click=wanted.add,
        args=(adapter.id,),
        icon=":material/download:",
    )
    return False


def _waited(loading: Loading[T], title: Callable[[], str]) -> T:
    """What is loaded, with a bar where it takes more than a moment."""
    started = time.monotonic()
    bar = None
    while not loading.done:
        if time.monotonic() - started > _PATIENCE:
            bar = bar or status.line().progress(0.0)
            bar.progress(*_progress(title(), loading.progress))
        time.sleep(0.05)
    if bar:
        bar.empty()
    return loading.result()


def _progress(title: str, progress: Progress) -> tuple[float, str]:
    """The share that is done, and the text of the progress bar."""
    phase = str(told(progress.phase))
    words = f"{plain(told(title))}: {phase[:1].lower()}{phase[1:]}"
    if not progress.bytes_total:
        return 0.0, f"{words} …"
    done, total = progress.bytes_done / 1e6, progress.bytes_total / 1e6
    words += tr(", {done:.0f} of {total:.0f} MB", done=done, total=total)
    if progress.seconds_left is not None:
        words += tr(", about {time} left", time=span(progress.seconds_left))
    return progress.share, words
