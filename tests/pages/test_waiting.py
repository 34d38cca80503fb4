"""What a visitor reads while a pass runs."""

from __future__ import annotations

import threading

import pytest
from heedmap import viz
from heedmap.pages.frame import status
from heedmap.views import cache, costs, engine
from streamlit.testing.v1 import AppTest

from tests.pages.app import App

PATIENCE = 30  # seconds, for a page that tells nothing


def test_a_pass_tells_its_time_while_it_runs_and_nothing_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache.clear()
    told = threading.Event()
    record = viz.record_attention

    def left(estimate: float | None, passed: float) -> str:
        told.set()
        return "About 12 s left."

    def slow(*args, **named):
        assert told.wait(PATIENCE)
        return record(*args, **named)

    monkeypatch.setattr(costs, "left", left)
    monkeypatch.setattr(viz, "record_attention", slow, raising=False)
    app = App()
    assert not app.errors
    assert app.facts["Model"].startswith("Heedmap ViT")
    assert "About 12 s left." not in [caption.value for caption in app.at.caption]


def _waits() -> None:
    import streamlit as st
    from heedmap.pages.frame import status

    status.reserve()
    if st.toggle("Load"):
        status.line().caption("Loading")


def test_a_server_that_has_just_started_says_so_until_something_else_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status, "_started", threading.Event())
    at = AppTest.from_function(_waits).run()
    assert [each.value for each in at.caption] == ["Starting …"]
    at.toggle[0].set_value(True).run()
    assert [each.value for each in at.caption] == ["Loading"]
    at.toggle[0].set_value(False).run()
    assert not at.caption


def test_an_engine_that_went_away_costs_nothing_that_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache.clear()
    app = App()
    before = app.painted
    monkeypatch.setenv("HEEDMAP_ENGINE", "http://127.0.0.1:9")  # discard, where nobody listens
    monkeypatch.setattr(engine, "PAUSE", 0.3)  # so that something is told meanwhile
    monkeypatch.setattr(costs, "left", lambda estimate, passed: "About 12 s left.")
    app.set("size", 224)
    assert app.errors == [
        "The engine that runs the models cannot be reached now: try again in a moment."
    ]
    assert app.painted == before
    assert "About 12 s left." not in [caption.value for caption in app.at.caption]
    monkeypatch.delenv("HEEDMAP_ENGINE")
    assert not app.run().errors
    assert app.facts["Saw"].startswith("whole photo, 336 × 224")
