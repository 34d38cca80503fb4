"""CLIP layers: the grid, both kinds of attention, two layers side by side."""

from __future__ import annotations

import numpy as np
import pytest
import streamlit as st
from heedmap import models, viz
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


@pytest.mark.slow
def test_words_stand_on_one_scale_beside_their_scores(passes: list[str]) -> None:
    app = App("clip").set("show", "words")
    app.set("words", ["a cat", "a rocket", "ein Haus"])
    adapter = models.load("bundled-clip")
    x = adapter.prepare(viz.open_sample("cat"))
    wanted = viz.word_maps(adapter, x, ["a cat", "a rocket", "ein Haus"])
    panels = app.stage["panels"]
    assert [panel["title"] for panel in panels] == list(wanted.texts)
    assert panels[0]["tag"].startswith(f"cosine {wanted.cosines[0]:.3f} · ")
    shares = [share for _, share in app.stage["bars"]]
    np.testing.assert_allclose(shares, wanted.shares, atol=1e-5)
    assert app.stage["bars"][-1][0] == "“a photo”"
    np.testing.assert_allclose(panels[1]["values"], wanted.value_path[1], atol=1e-4)
    assert len(set(app.limits)) == 1
    assert panels[2]["badge"] == "not in its vocabulary: ein, Haus"
    (shaded,) = [
        each.proto.body for each in app.at.get("html") if 'class="prompts"' in each.proto.body
    ]
    prompt = viz.prompt_relevance(adapter, x, "ein Haus")
    most = prompt.words[int(prompt.relevance.argmax())]
    assert f">{most}</span>" in shaded
    assert shaded.count("more s10") == 3  # the first of each text
    app.set("map", "similarity")
    np.testing.assert_allclose(app.hero["values"], wanted.similarity[0], atol=1e-4)
    app.set("map", "relevance")
    heat = viz.explain(adapter, x, "relevance", "a cat").heat
    np.testing.assert_allclose(app.hero["values"], heat, rtol=1e-3, atol=1e-7)
    before = app.painted
    app.set("map", "legrad")
    assert app.painted != before
    assert app.link == {"show": "words", "words": "a cat~a rocket~ein Haus", "map": "legrad"}
    ran = len(passes)
    again = App("clip", **app.link)
    assert again.painted == app.painted
    assert len(passes) == ran


def test_a_text_that_is_too_long_says_so_and_keeps_the_page() -> None:
    app = App("clip", show="words").set("words", ["cat " * 90])
    assert "tokens long" in app.errors[0]
    assert [panel["title"] for panel in app.stage["panels"]] == ["a cat", "a dog"]
