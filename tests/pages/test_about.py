"""What the picker says of a model before it is loaded, and why it shows none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from heedmap.pages.frame.notices import UNEXPECTED
from heedmap.views import cache

from tests import checkpoints
from tests.hub import Hub, client
from tests.pages.app import App

VIT = {"embed_dim": 32, "depth": 2, "num_heads": 2, "img_size": 64}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub of one's own, and an empty cache."""
    cache.clear()
    with Hub() as hub:
        client(monkeypatch, tmp_path / "hub", hub.url)
        yield hub


def said(app: App) -> list[str]:
    """The lines under the model picker, as they stand on the screen."""
    captions = [re.sub(r"\\(.)", r"\1", each.value) for each in app.at.sidebar.caption]
    told = [each for each in captions if "weights" in each or "in memory" in each]
    return next(each for each in told if "photo" not in each).split("  \n")


def test_a_pasted_id_is_told_before_it_is_loaded(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {**VIT, "class_token": False, "global_pool": "avg", "reg_tokens": 2}
    hub.add("tiny/about-vit", checkpoints.timm("vit_tiny_patch16_224", **own))
    monkeypatch.setenv("HEEDMAP_MAX_GB", "0.000001")
    app = App(model="tiny/about-vit")
    shape, costs = said(app)
    assert shape.startswith("2 layers of 2 heads · patch 16 px · no CLS, 2 tokens before")
    assert costs.startswith("MIT · 0.")
    assert "downloads " in costs
    assert "permits" in app.errors[0]
    assert app.facts["Model"].startswith("Heedmap ViT")
    assert hub.sent("model.safetensors") == []
    monkeypatch.delenv("HEEDMAP_MAX_GB")
    app.at.button(key="again tiny/about-vit").click()
    app.run()
    assert not app.errors
    assert app.facts["Model"] == "tiny/about-vit"
    assert said(App(model="tiny/about-vit"))[1].endswith("loaded")


def test_a_model_of_another_page_says_which(hub: Hub) -> None:
    hub.add("tiny/about-cnn", checkpoints.timm("test_resnet"))
    app = App(model="tiny/about-cnn")
    assert app.errors == ["tiny/about-cnn is shown on another page: see CNN channels."]
    assert app.facts["Model"].startswith("Heedmap ViT")
    app = App("cnn", model="tiny/about-cnn")
    assert said(app)[0].startswith("CNN · stride 32 px · ")
    assert app.facts["Model"] == "tiny/about-cnn"


def test_what_the_hub_says_is_no_markup(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    licence = "[free](http://x)"
    monkeypatch.setattr("tests.hub.LICENCE", licence)
    hub.add("tiny/about-licence", checkpoints.timm("vit_tiny_patch16_224", **VIT))
    app = App(model="tiny/about-licence")
    assert said(app)[1].startswith(licence)
    assert not any("[free](" in each.value for each in app.at.sidebar.caption)


def test_a_folder_of_ones_own_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, config in [("good", None), ("broken", b"{"), ("odd", b'{"model_type": "nope"}')]:
        folder = tmp_path / name
        folder.mkdir()
        files = checkpoints.timm("vit_tiny_patch16_224", **VIT)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        if config:
            (folder / "config.json").write_bytes(config)
        (folder / "model.toml").write_text('size = 64\ncan = ["attention"]\n')
    monkeypatch.setenv("HEEDMAP_MODELS", str(tmp_path))
    app = App(model="local:good")
    assert said(app)[0].startswith("2 layers of 2 heads · patch 16 px · CLS · ")
    for name, word in [("broken", "config.json"), ("odd", "nope")]:
        app.set("model", f"local:{name}")
        assert len(app.errors) == 1
        assert word in app.errors[0]
        assert UNEXPECTED not in app.errors
        assert app.facts["Model"] == "good"
