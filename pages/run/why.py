"""Methods run one after another, so that the first shows early; what is left tells its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st
from heedmap import viz
from heedmap.pages.frame.notices import sentence
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.views import asked as asking
from heedmap.views.asked import Asked, Target, Tested
from heedmap.views.costs import LONG, span
from heedmap.views.why import Reason, Source, Waiting

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from heedmap.views.request import Request

_FAILED = "heedmap.why"  # what was asked in vain -> why it failed, of what is asked now


def answers(source: Source, asked: Sequence[Asked]) -> list[Reason | Waiting]:
    """The maps that are known, and those that can be made in a moment; the first in any case."""
    _forget_others(asked)
    adapter, began = load(source.request.model), time.monotonic()
    found: list[Reason | Waiting] = []
    for each in asked:
        seconds = asking.seconds(adapter, source.seen, each)
        soon = time.monotonic() - began + (seconds or 0) < LONG
        if not (asking.known(each) or each in _failed()) and (soon or not found):
            _map(adapter, each)
        found.append(_answer(source, adapter, each, seconds))
    return found


def tests(
    source: Source, shown: Sequence[Reason], target: Target
) -> dict[Asked, viz.Faithfulness | Waiting]:
    """How far each map can be trusted, as far as that is known."""
    adapter = load(source.request.model)
    every = [Tested(each.asked, target) for each in shown]
    beside = next(filter(None, map(asking.trusted, every)), None)
    seconds = asking.trust_seconds(adapter, source.seen, beside is not None)
    found: dict[Asked, viz.Faithfulness | Waiting] = {}
    for each, tested in zip(shown, every, strict=True):
        make = partial(_test, adapter, tested, each.found, beside)
        known = asking.trusted(tested)
        found[each.asked] = known or _waiting(each.asked, tested, "test", seconds, make)
    return found


def seconds_of_tests(source: Source, count: int) -> float | None:
    """How long `tests` of so many maps take in all, as far as that is known."""
    adapter = load(source.request.model)
    first, other = (asking.trust_seconds(adapter, source.seen, beside) for beside in (False, True))
    return first + (count - 1) * other if first is not None and other is not None else None


def go_on(found: Sequence[object]) -> None:
    """Make the next result that is not there, and run the page anew with it."""
    makes = [each.make for each in found if isinstance(each, Waiting) and each.make]
    if makes:
        makes[0]()
        st.rerun()


def _answer(
    source: Source, adapter: Adapter, asked: Asked, seconds: float | None
) -> Reason | Waiting:
    if known := asking.known(asked):
        return Reason(source, asked, known)
    return _waiting(asked, asked, "map", seconds, partial(_map, adapter, asked))


def _waiting(
    asked: Asked, key: Hashable, what: str, seconds: float | None, make: Callable[[], None]
) -> Waiting:
    if key in _failed():
        return Waiting(asked, _failed()[key])
    time = f"takes about {span(seconds)}" if seconds and seconds >= LONG else "is on its way"
    return Waiting(asked, f"This {what} {time}.", make)


def _map(adapter: Adapter, asked: Asked) -> None:
    _run(adapter, asked.request, asked, lambda: asking.explanation(adapter, asked))


def _test(
    adapter: Adapter, tested: Tested, found: viz.Explanation, beside: viz.Faithfulness | None
) -> None:
    def run() -> viz.Faithfulness:
        return asking.trust(adapter, tested, found.heat, beside)

    _run(adapter, tested.asked.request, tested, run)


def _run(adapter: Adapter, request: Request, key: Hashable, make: Callable[[], object]) -> None:
    """Make what is not known; a failure is remembered."""
    try:
        run_shown(adapter, request, None, lambda *_: make())
    except Exception as error:
        _failed()[key] = sentence(error)


def _forget_others(asked: Sequence[Asked]) -> None:
    """Try again what was asked before and failed, when it is asked for anew."""
    for key in list(_failed()):
        if (key.asked if isinstance(key, Tested) else key) not in asked:
            del _failed()[key]


def _failed() -> dict[Hashable, str]:
    found: dict[Hashable, str] = st.session_state.setdefault(_FAILED, {})
    return found
