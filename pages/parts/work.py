"""Getting a page's result: the one asked for, or the last that worked with the reason why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import streamlit as st
from heedmap.pages.parts import failed, photos, picker
from heedmap.pages.parts.records import Request
from heedmap.pages.parts.shell import Notices, section

T = TypeVar("T")

_GOOD = "heedmap.good"  # page -> the last request that worked


def ask(page: str, notices: Notices) -> Request:
    """Let the person choose the photo, the model and what it sees.

    For a model that cannot be shown stands the last that worked, with the reason said.
    """
    last = _good().get(page, _first(page))
    with st.sidebar:
        section("Photo")
        photo = photos.pick_photo()
        section("Model", "or paste a hub id")
        model = picker.pick_model(page, last.model, notices)
        size, fit = picker.pick_sight(model)
        picker.show_card(model)
    return Request(photo, model, size, fit)


def result(
    page: str, asked: Request, run: Callable[[Request], T], notices: Notices
) -> tuple[Request, T]:
    """Run the model for what is asked; where that fails, say so and give the last that worked.

    Returns the request that was answered with its answer. Where not even the page's first view
    can be shown, the run of the page ends with what went wrong.
    """
    good = _good()
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
    notices.show()
    return st.stop()


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


def _good() -> dict[str, Request]:
    found: dict[str, Request] = st.session_state.setdefault(_GOOD, {})
    return found


def _first(page: str) -> Request:
    """The view that needs nothing but what ships with the project."""
    model = picker.DEFAULTS[page]
    return Request(photos.DEFAULT, model, picker.own_size(model), "whole")
