"""Show what is asked for; where that fails, what worked last, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st
from heedmap import models
from heedmap.errors import HeedmapError, OvertakenError
from heedmap.pages.frame import status
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import Page
from heedmap.pages.language import told, tr
from heedmap.pages.run import failures
from heedmap.pages.run.loading import load
from heedmap.private import session
from heedmap.views import model_facts, photos, turns
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter

T = TypeVar("T")
R = TypeVar("R")

_LAST = "heedmap.last"  # name of a page -> what worked last in this session


@dataclass(frozen=True)
class _Asked:
    """A forward pass, and what of it: a kind of attention, names of layers, or None for any.

    `view` says of which of the page's views.
    """

    request: Request
    part: Any
    view: str = ""


def first_ready(page: Page, id: str, fits: bool, notices: Notices) -> Adapter:
    """Load the model that is asked for; where that fails, the one that the page showed last.

    The run of the page ends here where not even the page's own model can be loaded.

    Args:
        page: the page that asks.
        id: the model that is asked for.
        fits: whether the page can show it.
        notices: where an error is shown, with a button that tries again.
    """
    last = _last().get(page.name)
    others = [last.request.model, page.model] if last else [page.model]
    tried = list(dict.fromkeys([id, *others] if fits else others))
    ready = next(filter(None, (_try_loading(each, notices) for each in tried)), None)
    with notices.place:
        failures.offer_again(dict.fromkeys([id, *tried]))
    if ready is None:
        notices.show()
        st.stop()
    return ready


def answer(
    page: Page,
    adapter: Adapter,
    request: Request,
    part: Any,
    run: Callable[[Adapter, Request, Any], T],
    notices: Notices,
    view: str = "",
) -> T:
    """Run a model for what is asked; where that fails, show the error and what worked last.

    Args:
        page: the page that asks.
        adapter: the model that `request` names.
        request: the forward pass.
        part: what is asked for of it.
        run: makes the answer; takes None for the part that a model shows by default.
        notices: where an error is shown.
        view: tells apart views of a page whose parts are unlike.
    """
    for asked in _in_turn(page, _Asked(request, part, view)):
        with notices.guard():
            model = adapter if asked.request.model == adapter.id else load(asked.request.model)
            found = run_shown(model, asked.request, asked.part, run)
            _last()[page.name] = asked
            return found
    notices.show()
    return st.stop()


def run_shown(
    adapter: Adapter,
    request: R,
    part: Any,
    run: Callable[[Adapter, R, Any], T],
) -> T:
    """Run a model, showing a spinner, and the visitor's place where others go first.

    Streamlit ends this run where it tells something, once the visitor has moved a control: then
    nobody waits for the pass here any more.
    """
    with status.line(), st.spinner(tr("Running {title} …", title=adapter.title)):
        line, pulse = st.empty(), st.empty()

        def tell(words: str) -> None:
            line.caption(told(words)) if words else pulse.empty()

        with turns.visiting(session(), tell):
            try:
                found = run(adapter, request, part)
            except OvertakenError:
                st.stop()  # a newer run of this session shows the page
            except HeedmapError:
                line.empty()
                raise
    line.empty()
    return found


def _in_turn(page: Page, asked: _Asked) -> Iterator[_Asked]:
    """What is tried: as asked; the photo with what worked last; what worked last; the first view.

    The first view needs nothing but what ships with Heedmap.
    """
    yield asked
    size = model_facts.native_size(models.record(page.model))
    first = _Asked(Request(photos.DEFAULT, page.model, size), None, asked.view)
    last = _last().get(page.name)
    if last and last.view != asked.view:
        last = _Asked(last.request, None, asked.view)
    others = [each for each in (last, first) if each]
    here = [replace(e, request=replace(e.request, photo=asked.request.photo)) for e in others]
    yield from (each for each in dict.fromkeys([*here, *others]) if each != asked)


def _try_loading(id: str, notices: Notices) -> Adapter | None:
    with notices.guard():
        return load(id)
    return None


def _last() -> dict[str, _Asked]:
    found: dict[str, _Asked] = st.session_state.setdefault(_LAST, {})
    return found
