"""Getting a page's result: the one asked for, or the last that worked with the reason why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from . import failed, photos, picker
from .records import Request
from .shell import Notices

T = TypeVar("T")

_GOOD = "heedmap.good"  # page -> the last request that worked


def result(
    page: str, asked: Request, run: Callable[[Request], T], notices: Notices
) -> tuple[Request, T] | None:
    """Run the model for what is asked; where that fails, say so and give the last that worked.

    Returns the request that was answered with its answer, or None where not even the page's first
    view can be shown.
    """
    good: dict[str, Request] = st.session_state.setdefault(_GOOD, {})
    tried: list[Request] = []
    for request in _in_turn(asked, good.get(page), _first(page)):
        if request in tried:
            continue
        tried.append(request)
        with notices.guard():
            answer = run_shown(request, run)
            good[page] = request
            return request, answer
        with notices.place:
            failed.offer_again(request.model)
    return None


def run_shown(request: Request, run: Callable[[Request], T]) -> T:
    """Have the model, then its record, with a word on whatever takes longer than a moment."""
    failed.known(request.model)
    with failed.remembered(request.model):
        adapter = picker.have(request.model)
    with st.spinner(f"{adapter.title} looks at the photo …"):
        return run(request)


def _in_turn(asked: Request, good: Request | None, first: Request) -> list[Request]:
    """Give what is tried: as asked, then the photo with what worked before, then what worked."""
    others = [good, first] if good else [first]
    return [asked, *(replace(each, photo=asked.photo) for each in others), *others]


def _first(page: str) -> Request:
    """The view that needs nothing but what ships with the project."""
    model = picker.DEFAULTS[page]
    return Request(photos.DEFAULT, model, picker.own_size(model), "whole")
