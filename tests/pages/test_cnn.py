"""CNN channels: rows of layers, columns of channels, and the prediction."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.errors import CaptureError

from tests.pages.app import App


def test_three_layers_of_three_channels() -> None:
    app = App("cnn")
    groups = app.gallery("channels")["groups"]
    adapter = models.load("bundled-cnn")
    assert [group["title"] for group in groups] == list(adapter.default_conv_layers)
    assert [len(group["items"]) for group in groups] == [3, 3, 3]
    for group in groups:
        means = [float(item["note"].removeprefix("mean ")) for item in group["items"]]
        assert means == sorted(means, reverse=True)
    deepest = groups[-1]["items"][0]
    assert app.gallery("channels")["chosen"] == [deepest["key"]]
    assert deepest["caption"].removeprefix("C") in app.hero["title"]


def test_the_five_best_classes() -> None:
    stage = App("cnn").stage
    bars = stage["bars"]
    shares = [share for _, share in bars]
    assert len(bars) == 5
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1
    calibration = models.card("bundled-cnn").calibration
    known = shares[0] >= calibration.threshold
    assert stage["verdict"].startswith(
        "The most probable of" if known else "None of the 118 things"
    )
    assert "of 118 classes" in stage["verdict"]


def test_every_control(passes: list[str]) -> None:
    app = App("cnn")
    app.set("k", 5)
    assert [len(group["items"]) for group in app.gallery("channels")["groups"]] == [5, 5, 5]
    for name, value, shared in [
        ("opacity", 20, True), ("colors", "turbo", True), ("interp", "nearest", False),
        ("scale", "layer", False), ("grid", True, True),
    ]:  # fmt: skip
        before = app.painted
        app.set(name, value, shared)
        assert app.painted != before, name
    assert passes == ["bundled-cnn"]
    before = app.painted
    assert "activation passed on" in app.hero["what"]
    app.set("after", "convolution")
    assert app.link["after"] == "convolution"
    assert app.painted != before
    assert "output of the convolution" in app.hero["what"]
    assert app.hero["signed"]
    low, high = app.limits[0]
    assert low == -high
    before = app.painted
    app.set("signed", "coolwarm", shared=True)
    assert app.painted != before
    assert app.link["signed"] == "coolwarm"
    names = models.load("bundled-cnn").conv_layers
    app.set("layers", [names[4], names[1]])
    assert [g["title"] for g in app.gallery("channels")["groups"]] == [names[1], names[4]]
    assert app.link["layers"] == f"{names[4]}~{names[1]}"
    assert len(passes) == 3


def test_no_layer_falls_back_with_a_word() -> None:
    app = App("cnn").set("layers", [])
    assert app.notices
    assert len(app.gallery("channels")["groups"]) == 3


def test_a_channel_by_link() -> None:
    app = App("cnn")
    key = app.items("channels")[1]["key"]
    other = App("cnn", channel=key)
    assert other.gallery("channels")["chosen"] == [key]
    assert other.link == {"channel": key}


def test_a_failing_pass_keeps_the_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App("cnn")
    before = app.painted

    def fails(*_args: object, **_named: object) -> None:
        raise CaptureError("It did not run this one: choose other layers.")

    monkeypatch.setattr(viz, "record_activations", fails, raising=False)
    app.set("layers", [models.load("bundled-cnn").conv_layers[3]])
    assert app.errors == ["It did not run this one: choose other layers."]
    assert app.painted == before


def test_grad_cam_shares_the_stage() -> None:
    app = App("cnn").set("show", "cam")
    adapter = models.load("bundled-cnn")
    x = adapter.prepare(viz.open_sample("cat"))
    for settings, target, layer in [
        ({}, None, None), ({"target": "dog"}, "dog", None), ({"cam": "layer3"}, "dog", "layer3"),
        ({"less": "cat"}, ("dog", "cat"), "layer3"),
    ]:  # fmt: skip
        for name, value in settings.items():
            app.set(name, value)
        wanted = viz.explain(adapter, x, "gradcam", target, layer).heat
        np.testing.assert_allclose(app.hero["values"], wanted, rtol=1e-4, atol=1e-6)
    assert len(app.stage["bars"]) == 5
    (scale,) = (tool for tool in app.stage["tools"] if tool["name"] == "scale")
    assert scale["views"] == []  # disabled: there is one map, and its own scale
    assert scale["help"].startswith("There are no other maps here")
    assert app.link == {"show": "cam", "target": "dog", "cam": "layer3", "less": "cat"}
    app.set("show", "channels")
    assert len(app.gallery("channels")["groups"]) == 3
