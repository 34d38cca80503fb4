"""What a visitor reads while a pass runs."""

from __future__ import annotations

import threading

import pytest
from heedmap import viz
from heedmap.views import cache, costs, engine

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
