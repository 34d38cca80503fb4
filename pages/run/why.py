"""Methods run one after another, so that the first shows early; what is left tells its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import streamlit as st
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.frame.notices import sentence
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.views import asked as asking
from heedmap.views import texts
from heedmap.views.asked import Asked, Target, Tested
from heedmap.views.costs import LONG, span
from heedmap.views.reasons import Reason, Waiting
from heedmap.views.why import Source

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.views.request import Request

Key: TypeAlias = Asked | Tested

_FAILED = "heedmap.why"  # what was asked in vain -> why it failed, of the photo in a model


def answers(source: Source, asked: Sequence[Asked]) -> list[Reason | Waiting]:
    """The maps that `explanations` finds, with what can be said of them."""
    found = explanations(source.request, source.seen, asked)
    return [
        each if isinstance(each, Waiting) else Reason(source, one, each)
        for one, each in zip(asked, found, strict=True)
    ]


def explanations(
    request: Request, seen: Prepared, asked: Sequence[Asked]
) -> list[viz.Explanation | Waiting]:
    """The maps that are known, and those that can be made in a moment; the first in any case."""
    _forget_others(request)
    adapter, began = load(request.model), time.monotonic()
    found: list[viz.Explanation | Waiting] = []
    for each in asked:
        seconds = asking.seconds(adapter, seen, each)
        soon = time.monotonic() - began + (seconds or 0) < LONG
        if not (asking.known(each) or each in _failed()) and (soon or not found):
            _map(adapter, each)
        make = partial(_map, adapter, each)
        found.append(asking.known(each) or _waiting(each, each, Phrase("map"), seconds, make))
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
        found[each.asked] = known or _waiting(each.asked, tested, Phrase("test"), seconds, make)
    return found


def prompts(source: texts.Source) -> list[viz.Prompt | Waiting]:
    """How much each word of each text counted, as far as that is known."""
    adapter = load(source.request.model)
    found: list[viz.Prompt | Waiting] = []
    for asked in source.asked("prompt"):
        make = partial(_prompt, adapter, asked, str(asked.target))
        known = asking.prompted(asked.request, str(asked.target))
        found.append(known or _waiting(asked, asked, Phrase("text"), None, make))
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
        link.again()


def _waiting(
    asked: Asked, key: Key, what: str, seconds: float | None, make: Callable[[], None]
) -> Waiting:
    if key in _failed():
        return Waiting(asked, _failed()[key])
    if seconds and seconds >= LONG:
        says = Phrase("This {what} takes about {time}.", what=what, time=span(seconds))
    else:
        says = Phrase("This {what} is on its way.", what=what)
    return Waiting(asked, says, make)


def _map(adapter: Adapter, asked: Asked) -> None:
    _run(adapter, asked.request, asked, lambda: asking.explanation(adapter, asked))


def _prompt(adapter: Adapter, asked: Asked, text: str) -> None:
    _run(adapter, asked.request, asked, lambda: asking.prompt(adapter, asked.request, text))


def _test(
    adapter: Adapter, tested: Tested, found: viz.Explanation, beside: viz.Faithfulness | None
) -> None:
    def run() -> viz.Faithfulness:
        return asking.trust(adapter, tested, found.heat, beside)

    _run(adapter, tested.asked.request, tested, run)


def _run(adapter: Adapter, request: Request, key: Key, make: Callable[[], object]) -> None:
    """Make what is not known; a failure is remembered."""
    try:
        run_shown(adapter, request, None, lambda *_: make())
    except Exception as error:
        _failed()[key] = sentence(error)


def _forget_others(request: Request) -> None:
    """Try again what failed before the visitor turned to another photo or model, and back."""
    for key in [key for key in _failed() if key.request != request]:
        del _failed()[key]


def _failed() -> dict[Key, Phrase]:
    found: dict[Key, Phrase] = st.session_state.setdefault(_FAILED, {})
    return found
