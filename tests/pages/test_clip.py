"""CLIP layers: the grid, both kinds of attention, two layers side by side."""

from __future__ import annotations

import pytest
import streamlit as st
from heedmap.pages.controls import galleries

from tests.pages.app import App


def test_all_layers_stand_in_four_columns() -> None:
    app = App("clip")
    grid = app.gallery("layers")
    assert [item["caption"] for item in app.items("layers")] == [f"Layer {i}" for i in range(6)]
    assert (grid["columns"], grid["fixed"]) == (4, True)
    assert grid["chosen"] == ["2", "5"]
    assert [panel["title"].split(",")[0] for panel in app.stage["panels"]] == ["Layer 2", "Layer 5"]
    assert not app.link


def test_every_control(passes: list[str]) -> None:
    app = App("clip")
    for name, value, shared in [
        ("first", 0, False), ("second", 3, False), ("head", "1", False),
        ("interp", "nearest", False),
        ("scale", "layers", False), ("opacity", 80, True), ("colors", "magma", True),
    ]:  # fmt: skip
        before = app.painted
        app.set(name, value, shared)
        assert app.painted != before, name
        assert app.link[name] == str(value)
    app.set("cols", 6)
    assert app.gallery("layers")["columns"] == 6
    assert passes == ["bundled-clip"]


def test_token_to_token_is_another_record(passes: list[str]) -> None:
    app = App("clip")
    before = app.painted
    app.set("kind", "tokens")
    assert app.painted != before
    assert app.facts["Attention"] == "mean attention token to token"
    assert len(passes) == 2


def test_a_common_scale_is_the_same_in_both() -> None:
    app = App("clip", scale="layers")
    first, second = app.limits
    assert first == second


def test_picks_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, object] = {"clip.first": 2, "clip.second": 5}
    monkeypatch.setattr(st, "session_state", state)
    for pick in (1, 3, 4):
        galleries.swap_in(("clip.first", "clip.second"), pick)
    assert (state["clip.first"], state["clip.second"]) == (4, 3)
