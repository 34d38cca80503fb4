"""Why: methods side by side, about any class or one less another, and how far they agree."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
import streamlit as st
from heedmap import models, viz
from heedmap.errors import CaptureError
from heedmap.views import asked, cache

from tests.pages.app import App

VIT = ["Attention of a layer", "Attention rollout", "Relevance", "LeGrad"]


def titles(app: App) -> list[str]:
    return [panel["title"] for panel in app.stage["panels"]]


def heat(method: str, target: object = None, layer: object = None) -> np.ndarray:
    adapter = models.load("bundled-vit")
    x = adapter.prepare(viz.open_sample("cat"))
    return viz.explain(adapter, x, method, target, layer).heat


def test_four_methods_stand_side_by_side_at_first() -> None:
    app = App("why")
    assert titles(app) == VIT
    assert not app.link
    assert {tuple(panel["grid"]) for panel in app.stage["panels"]} == {(16, 24)}
    np.testing.assert_allclose(app.stage["panels"][2]["values"], heat("relevance"), rtol=1e-5)
    best = app.stage["bars"][0][0]
    assert app.stage["panels"][2]["what"] == f"what speaks for “{best}”"
    assert app.stage["panels"][1]["what"] == "the same for every class"
    about = app.stage["panels"][3]["about"]
    assert about["assumes"] == viz.METHODS["legrad"].assumes
    assert about["fails"] == viz.METHODS["legrad"].fails


@pytest.mark.slow
def test_every_control(passes: list[str]) -> None:
    app = App("why")
    for name, value, text in [
        ("target", "dog", "dog"), ("less", "cat", "cat"), ("layer", 2, "2"), ("start", 3, "3"),
        ("span", (1, 4), "1~4"), ("scale", "methods", "methods"),
        ("methods", ["gradcam"], "gradcam"), ("cam", 1, "1"),
    ]:  # fmt: skip
        before = app.painted
        app.set(name, value)
        assert app.painted != before, name
        assert app.link[name] == text
    wanted = heat("gradcam", ("dog", "cat"), 1)
    np.testing.assert_allclose(
        app.hero["values"], wanted / np.abs(wanted).mean(), rtol=1e-4, atol=1e-5
    )
    assert app.hero["signed"]
    ran = len(passes)
    app.set("opacity", 20, shared=True)
    assert len(passes) == ran
    again = App("why", **{name: str(text) for name, text in app.link.items()})
    assert again.painted == app.painted
    assert again.link == app.link


def test_a_class_is_a_button_and_a_field_that_finds_any() -> None:
    app = App("why")
    second = app.stage["bars"][1][0]
    app.set("target.best", second)
    assert app.link["target"] == second
    app.set("target", "yin yang")
    assert app.stage["panels"][2]["what"] == "what speaks for “yin yang”"
    (buttons,) = [each for each in app.at.get("button_group") if each.key == "why.target.best"]
    assert buttons.value is None


def test_methods_without_a_target_show_no_difference() -> None:
    panels = App("why", target="cat", less="dog").stage["panels"]
    assert [panel["signed"] for panel in panels] == [False, False, True, True]
    assert panels[3]["what"] == "what speaks for cat less dog"


def test_one_scale_has_one_unit() -> None:
    app = App("why", scale="methods")
    assert len(set(app.limits)) == 1
    for panel in app.stage["panels"]:
        assert np.mean(panel["values"]) == pytest.approx(1, rel=1e-4)


def test_random_weights_show_what_is_the_methods_own() -> None:
    app = App("why", methods="raw~gradcam", target="dog").set("random", True)
    adapter = models.load("bundled-vit")
    x = adapter.prepare(viz.open_sample("cat"))
    random = viz.explain(models.randomised(adapter), x, "gradcam", "dog").heat
    np.testing.assert_allclose(app.stage["panels"][1]["values"], random, rtol=1e-3, atol=1e-6)
    alike = viz.rank_correlation(heat("gradcam", "dog"), random)
    badge = app.stage["panels"][1]["badge"].replace("−", "-")
    assert badge.startswith(f"random weights, rank correlation {alike:.2f} with")
    assert app.link["random"] == "1"
    assert not [each for each in app.at.button if each.key == "test"]


def test_what_a_model_cannot_do_is_said() -> None:
    app = App("why", model="bundled-cnn")
    assert titles(app) == ["Grad-CAM", "Grad-CAM++", "Layer-CAM", "XGrad-CAM"]
    (refused,) = [each for each in app.at.get("button_group") if each.key == "refused"]
    assert refused.disabled
    assert refused.options == VIT
    said = " ".join(caption.value for caption in app.at.caption)
    assert "LeGrad read attention, and Heedmap" in said


def test_a_link_that_asks_in_vain_is_told_also_after_all_maps_are_made() -> None:
    cache.clear()
    app = App("why", model="bundled-cnn", methods="relevance", text="a cat")
    assert titles(app)[0] == "Grad-CAM"
    assert [notice.split(",")[0] for notice in app.notices] == [
        "The link asks for methods = “relevance”", "The link asks for text = “a cat”"
    ]  # fmt: skip


def test_a_model_without_classes_is_asked_for_its_features_or_a_text() -> None:
    app = App("why", model="bundled-clip")
    assert app.stage["panels"][2]["what"] == "what raises the norm of the features"
    assert not app.stage["bars"]
    for name, text in [("text", "a dog"), ("less", "a cat")]:
        (field,) = [each for each in app.at.text_input if each.key == f"why.{name}"]
        field.set_value(text)
        app.run()
    assert app.link == {"model": "bundled-clip", "text": "a dog", "less": "a cat"}
    adapter = models.load("bundled-clip")
    x = adapter.prepare(viz.open_sample("cat"))
    wanted = viz.explain(adapter, x, "relevance", ("a dog", "a cat")).heat
    np.testing.assert_allclose(app.stage["panels"][2]["values"], wanted, rtol=1e-3, atol=1e-7)


def test_methods_that_agree_are_told_by_their_numbers() -> None:
    app = App("why", methods="raw~relevance")
    (table,) = [each.proto.body for each in app.at.get("html") if '"agreement"' in each.proto.body]
    wanted = viz.rank_correlation(heat("raw"), heat("relevance"))
    assert table.count(f">{wanted:.2f}</td>") == 2


def test_the_first_map_shows_while_the_others_tell_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = App("why", methods="raw")
    cache.clear()
    monkeypatch.setattr(asked, "seconds", lambda *_: 12.0)
    monkeypatch.setattr(st, "rerun", lambda: None)  # the page as it stands while it waits
    first, *others = app.set("methods", ["raw", "rollout", "relevance"]).stage["panels"]
    assert "values" in first
    assert [panel["says"] for panel in others] == ["This map takes about 12 s."] * 2


def test_a_method_that_fails_says_so_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(adapter, x, method, target=None, layer=None):
        if method == "relevance":
            raise CaptureError("It does not pass: choose rollout.")
        return explain(adapter, x, method, target, layer)

    explain = viz.explain
    monkeypatch.setattr(viz, "explain", fails, raising=False)
    panels = App("why", target="tick", methods="rollout~relevance").stage["panels"]
    assert panels[1]["says"] == "It does not pass: choose rollout."
    assert "values" in panels[0]


@pytest.mark.slow
def test_a_map_is_tested_beside_two_that_know_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    test = viz.faithfulness

    def short(adapter, x, heat, target, beside=None):
        return test(adapter, x, heat, target, steps=2, beside=beside)

    monkeypatch.setattr(viz, "faithfulness", short, raising=False)
    app = App("why", methods="raw~relevance")
    (button,) = [each for each in app.at.button if each.key == "test"]
    assert button.label.startswith("How far to trust them · about ")
    button.click()
    app.run()
    assert app.link["trust"] == "1"
    adapter = models.load("bundled-vit")
    x = adapter.prepare(viz.open_sample("cat"))
    told = [panel["about"]["trust"] for panel in app.stage["panels"]]
    for each, method in zip(told, ("raw", "relevance"), strict=True):
        wanted = short(adapter, x, heat(method), adapter.classes.index("cat"))
        assert float(each["gain"].replace("−", "-")) == round(wanted.heat.gain, 3)
        name, number = each["beside"][1]
        assert name == "blob in the centre"
        assert float(number.replace("−", "-")) == round(wanted.centre.gain, 3)
        np.testing.assert_allclose(each["deletion"], wanted.heat.deletion.mean(0), rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "link", "back"),
    [
        ("vit", {"size": "96"}, "ViT heads"),
        ("clip", {}, "CLIP layers"),
        ("cnn", {"fit": "crop"}, "CNN channels"),
        ("compare", {"a.size": "96"}, "ViT heads"),
    ],
)
def test_links_lead_there_and_back(page: str, link: dict[str, str], back: str) -> None:
    here = App(page, photo="coffee", **link)
    there = App("why", **_query(here, "Ask why"), methods="gradcam")
    assert there.link["photo"] == "coffee"
    assert there.link.get("size") == next((t for n, t in link.items() if "size" in n), None)
    again = App(page, **_query(there, back if page != "compare" else "Compare with …"))
    assert {name: again.link[name] for name in link} == link


def _query(app: App, label: str) -> dict[str, str]:
    (found,) = {each.proto.query_string for each in _links(app) if each.proto.label == label}
    return dict(parse_qsl(found))


def _links(app: App) -> list[Any]:
    return [each for each in app.at.get("page_link") if each.proto.query_string.count("model")]
