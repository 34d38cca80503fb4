"""ViT heads: the first view, every control, what runs the model and what does not."""

from __future__ import annotations

import pytest
import streamlit as st
from heedmap import models, viz
from heedmap.pages.frame import link

from tests.pages.app import App


@pytest.fixture(scope="module")
def app() -> App:
    return App()


def test_a_finished_map_stands_there_at_once(app: App) -> None:
    fresh = App()
    assert fresh.hero["src"].startswith("data:image/jpeg;base64,")
    assert fresh.stage["original"]["src"].startswith("data:image/jpeg;base64,")
    assert fresh.facts["Model"].startswith("Heedmap ViT")
    layer, head = first()
    assert fresh.facts["Layer"].startswith(f"{layer} ")
    assert fresh.facts["Head"].startswith(f"{head} ")
    assert fresh.facts["Prefix tokens"] == "1 (CLS)"
    assert "whole photo" in fresh.facts["Saw"]
    assert not fresh.link
    assert not fresh.errors
    assert not fresh.notices


def first(photo: str = "cat") -> tuple[int, int]:
    """The most concentrated head of the bundled model."""
    adapter = models.load("bundled-vit")
    found = viz.clearest(viz.record_attention(adapter, adapter.prepare(viz.open_sample(photo))).cls)
    assert found is not None
    return found


def test_the_first_view_follows_the_photo_until_a_head_is_chosen() -> None:
    app = App()
    app.at.session_state["all.photo"] = "coffee"
    app.run()
    layer, head = first("coffee")
    assert app.hero["title"] == f"Layer {layer}, head {head}"
    assert app.link == {"photo": "coffee"}
    app.set("head", "mean")
    assert app.link == {"photo": "coffee", "layer": str(layer), "head": "mean"}
    app.at.session_state["all.photo"] = "rocket"
    app.run()
    assert app.hero["title"] == f"Layer {layer}, mean of all heads"
    assert App(layer="3").hero["title"] == "Layer 3, mean of all heads"
    assert App(head="2").hero["title"] == "Layer 5, head 2"


def test_the_mean_and_all_heads_are_thumbnails(app: App) -> None:
    items = app.items("heads")
    assert [item["key"] for item in items] == ["mean", *map(str, range(6))]
    assert all(item["alt"] and item["src"] for item in items)
    assert len({item["src"] for item in items}) == 7


def test_values_of_the_hero_stand_on_the_grid(app: App) -> None:
    hero = app.hero
    rows, columns = hero["grid"]
    assert app.facts["Grid"].startswith(f"{rows} × {columns} ")
    assert len(hero["values"]) == rows
    assert {len(row) for row in hero["values"]} == {columns}
    assert 0.5 < sum(map(sum, hero["values"])) <= 1.0


def test_picture_only_controls_run_no_model(passes: list[str]) -> None:
    app = App()
    assert passes == ["bundled-vit"]
    other = 1 if not app.facts["Layer"].startswith("1 ") else 2
    seen = {app.painted}
    for name, value, shared in [
        ("layer", other, False), ("head", "mean", False), ("opacity", 30, True),
        ("colors", "magma", True),
        ("interp", "nearest", False), ("fade", False, True), ("grid", True, True),
        ("scale", "layer", False),
        ("base", "model", True), ("view", "mask", False), ("keep", 35, False),
        ("view", "highlight", False), ("view", "contour", False),
    ]:  # fmt: skip
        app.set(name, value, shared)
        assert app.painted not in seen, f"{name} changed nothing"
        seen.add(app.painted)
        assert app.link[name] == str(int(value) if isinstance(value, bool) else value)
    assert passes == ["bundled-vit"]


def test_size_fit_and_photo_run_the_model_once_each(passes: list[str]) -> None:
    app = App()
    app.set("size", 224)
    assert "grid" not in app.link
    assert app.facts["Grid"].startswith("28 × ")
    app.set("fit", "squash", shared=True)
    assert app.facts["Saw"] == "photo made square, 224 × 224 px"
    app.set("fit", "crop", shared=True)
    assert app.facts["Saw"] == "middle crop, 224 × 224 px"
    left, top, right, bottom = app.stage["original"]["box"]
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    assert right - left < 1
    app.set("fit", "whole", shared=True)
    assert passes == ["bundled-vit"] * 4


def test_the_thumbnails_follow_the_toolbar() -> None:
    app = App(view="mask", keep="35")
    before = app.items("heads")
    assert app.look["keep"] == 35
    app.set("keep", 90)
    assert all(a["src"] != b["src"] for a, b in zip(app.items("heads"), before, strict=True))


def test_a_gesture_on_the_toolbar_is_read_as_a_link_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, str] = {"opacity": "35", "colors": "magma", "grid": "1"}
    app = App(layer="3", head="mean")
    with monkeypatch.context() as patch:
        patch.setattr(st, "session_state", app.at.session_state)
        link.ask(asked)
    app.run()
    assert app.link == {"layer": "3", "head": "mean", **asked}
    assert app.look | {"opacity": 35, "colors": "magma", "grid": True} == app.look


def test_the_scale_is_named_and_shared_by_a_layer() -> None:
    app = App(scale="layer")
    limits = app.limits
    assert app.hero["what"] == "attention from CLS"
    app.set("head", "2")
    assert app.limits == limits
    app.set("scale", "map")
    assert app.limits != limits


def test_hiding_outliers_is_off_and_renormalises() -> None:
    app = App(head="1")
    mass = sum(map(sum, app.hero["values"]))
    assert not app.hero["badge"]
    app.set("hide", True)
    assert app.link["hide"] == "1"
    assert app.hero["badge"] == "no outlier patch by norm to hide"
    assert sum(map(sum, app.hero["values"])) == pytest.approx(mass, rel=1e-2)


def test_two_maps_side_by_side() -> None:
    app = App(layer="5", two="1", layer2="1", head2="4")
    assert [panel["title"] for panel in app.stage["panels"]] == [
        "Layer 5, mean of all heads",
        "Layer 1, head 4",
    ]
    assert "Beside" in app.facts
    app.set("two", False)
    assert len(app.stage["panels"]) == 1
    assert app.link == {"layer": "5", "head": "mean"}


def test_a_link_gives_the_view_again() -> None:
    view = {"layer": "1", "head": "2", "photo": "rocket", "colors": "jet", "opacity": "80"}
    first, second = App(**view), App(**view)
    assert first.link == view
    assert first.hero == second.hero
    assert first.stage["original"] == second.stage["original"]
