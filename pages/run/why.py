"""Methods run one after another, so that the first shows early; what is left tells its time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st
from heedmap.pages.frame.notices import sentence
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.views import asked as asking
from heedmap.views.asked import Asked
from heedmap.views.costs import LONG, span
from heedmap.views.why import Reason, Source

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from heedmap.views.request import Request

_FAILED = "heedmap.why"  # what was asked in vain -> why it failed, of what is asked now


@dataclass(frozen=True)
class Waiting:
    """A map that is not there: what is asked, and what is told in its place."""

    asked: Asked
    says: str


def answers(source: Source, asked: Sequence[Asked]) -> list[Reason | Waiting]:
    """The maps that are known, and those that can be made in a moment; the first in any case."""
    _forget_others(asked)
    adapter, began = load(source.request.model), time.monotonic()
    found: list[Reason | Waiting] = []
    for each in asked:
        estimate = asking.seconds(adapter, source.seen, each)
        soon = time.monotonic() - began + (estimate or 0) < LONG
        if not found or soon:
            _run(adapter, each)
        found.append(_known(source, each, estimate))
    return found


def go_on(found: Sequence[Reason | Waiting]) -> None:
    """Make the next map that is not there, and run the page anew with it."""
    waiting = [each.asked for each in found if isinstance(each, Waiting)]
    left = [each for each in waiting if each not in _failed()]
    if left:
        _run(load(left[0].request.model), left[0])
        st.rerun()


def _run(adapter: Adapter, asked: Asked) -> None:
    """Make a map unless it is known; a failure is remembered."""
    if asked in _failed() or asking.known(asked):
        return
    try:
        run_shown(adapter, asked.request, asked, _explanation)
    except Exception as error:
        _failed()[asked] = sentence(error)


def _explanation(adapter: Adapter, request: Request, asked: Asked) -> Any:
    return asking.explanation(adapter, asked)


def _known(source: Source, asked: Asked, estimate: float | None) -> Reason | Waiting:
    if found := asking.known(asked):
        return Reason(source, asked, found)
    if asked in _failed():
        return Waiting(asked, _failed()[asked])
    told = f"takes about {span(estimate)}" if estimate and estimate >= LONG else "is on its way"
    return Waiting(asked, f"This map {told}.")


def _forget_others(asked: Sequence[Asked]) -> None:
    """Try again what was asked before and failed, when it is asked for anew."""
    for other in set(_failed()) - set(asked):
        del _failed()[other]


def _failed() -> dict[Asked, str]:
    found: dict[Asked, str] = st.session_state.setdefault(_FAILED, {})
    return found
