"""Kinds of attention: a control where a model has several, and pages that say what they show."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.views import attention, cache, export, facts
from heedmap.views.paper import Paper
from heedmap.views.render import Look
from heedmap.views.request import Request
from heedmap.viz import Attention

from tests import checkpoints
from tests.pages.app import App

RNG = np.random.default_rng(3)
POOL = RNG.random((3, 4, 6), np.float32)
TOKENS = RNG.random((2, 6, 4, 6), np.float32)
WINDOWS = (RNG.random((2, 8, 12), np.float32), RNG.random((4, 4, 6), np.float32))
POOLED = Attention({"tokens": TOKENS, "pool": POOL[None]}, (4, 6))
WINDOWED = Attention({"windows": WINDOWS}, (8, 12))

Pretend = Callable[[str, Attention, tuple[str, ...]], None]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pretend]:
    """Have a bundled model show a record made by hand."""

    def show(id: str, record: Attention, kinds: tuple[str, ...]) -> None:
        cache.clear()
        adapter = models.load(id)
        monkeypatch.setattr(adapter, "kinds", kinds)
        if "cls" not in kinds:
            monkeypatch.setattr(adapter, "order", replace(adapter.order, cls=0))
        monkeypatch.setattr(viz, "record_attention", lambda *a, **b: record, raising=False)

    yield show
    cache.clear()


@pytest.fixture
def without_cls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a tiny ViT of one's own with two registers and no CLS token."""
    own = {"embed_dim": 32, "depth": 2, "num_heads": 2, "img_size": 64, "class_token": False,
           "global_pool": "avg", "reg_tokens": 2}  # fmt: skip
    folder = tmp_path / "gap"
    folder.mkdir()
    for name, content in checkpoints.timm("vit_tiny_patch16_224", **own).items():
        (folder / name).write_bytes(content)
    (folder / "model.toml").write_text('title = "GAP ViT"\nsize = 64\ncan = ["attention"]\n')
    monkeypatch.setenv("HEEDMAP_MODELS", str(tmp_path))
    return "local:gap"


def offers(app: App) -> list[str]:
    """The names on the control of kinds."""
    radios = app.at.radio
    return [str(name) for each in radios if each.key == f"{app.page}.kind" for name in each.options]


def caption(app: App) -> str:
    """The line under the page's title."""
    said: str = app.at.main.caption[0].value
    return said


def test_a_model_with_cls_offers_all_three(passes: list[str]) -> None:
    app = App()
    assert offers(app) == ["From CLS", "From a patch", "Received (mean token-to-token)"]
    assert app.facts["Attention"] == "attention from CLS"
    before = app.painted
    app.set("kind", "tokens")
    assert app.link == {"kind": "tokens"}
    assert app.facts["Attention"] == "mean attention token to token"
    assert app.hero["what"].startswith("mean attention token to token")
    assert "mean attention token to token" in app.hero["alt"]
    assert "read by all patches" in caption(app)
    assert app.painted != before
    app.set("layer", 2)
    assert passes == ["bundled-vit"] * 2


@pytest.mark.parametrize("page", ["vit", "clip"])
@pytest.mark.parametrize("kind", ["pool", "nope"])
def test_a_kind_that_the_model_has_not_is_said(page: str, kind: str) -> None:
    app = App(page, kind=kind)
    assert len(app.notices) == 1
    assert kind in app.notices[0]
    assert app.facts["Attention"] == "attention from CLS"
    assert not app.link


def test_a_pooling_head_is_shown_first(pretend: Pretend) -> None:
    pretend("bundled-vit", POOLED, ("pool", "tokens"))
    app = App(head="mean")
    assert offers(app) == ["Pooling head", "From a patch", "Received (mean token-to-token)"]
    assert app.hero["title"] == "Pooling head, mean of all heads"
    assert np.allclose(app.hero["values"], POOL.mean(0), rtol=1e-3)
    assert app.facts["Layer"] == "the pooling head, after the last"
    assert app.facts["Prefix tokens"] == "1 (no CLS)"
    assert [slider.disabled for slider in app.at.slider if slider.label == "Layer"] == [True]
    assert len(app.items("heads")) == 1 + len(POOL)
    app.set("kind", "tokens")
    layer, head = app.hero["title"].removeprefix("Layer ").split(", ")
    assert head == "mean of all heads"
    assert np.allclose(app.hero["values"], TOKENS[int(layer)].mean(0), rtol=1e-3)
    assert App(kind="tokens", layer="0").hero["title"] == "Layer 0, mean of all heads"


def test_clip_shows_the_heads_of_a_pooling_head(pretend: Pretend) -> None:
    pretend("bundled-clip", POOLED, ("pool", "tokens"))
    app = App("clip")
    assert [panel["title"].split(", ")[0] for panel in app.stage["panels"]] == ["Pooling head"]
    assert app.facts["Layer"] == "the pooling head, after the last"
    assert [item["key"] for item in app.items("heads")] == ["mean", "0", "1", "2"]
    app.set("head", "2")
    assert np.allclose(app.hero["values"], POOL[2], rtol=1e-3)
    app.set("scale", "layer")
    assert app.limits == [(POOL.min(), POOL.max())]
    app.set("kind", "tokens")
    assert [item["key"] for item in app.items("layers")] == ["0", "1"]
    assert len(app.stage["panels"]) == 2


def test_clip_disables_what_a_pooling_head_has_no_choice_of(pretend: Pretend) -> None:
    pretend("bundled-clip", POOLED, ("pool", "tokens"))
    app = App("clip", less="1", second="1")

    def choices() -> dict[str, tuple[bool, str]]:
        found = [*app.at.slider, *app.at.toggle]
        return {each.label: (each.disabled, each.help) for each in found}

    for label in ("First layer", "Second layer", "Their difference"):
        assert choices()[label] == (True, "There is a single layer.")
    assert len(app.stage["panels"]) == 1
    app.set("kind", "tokens")
    assert not any(disabled for disabled, _ in choices().values())


def test_windows_have_heads_and_grids_of_their_own_in_each_layer(pretend: Pretend) -> None:
    pretend("bundled-vit", WINDOWED, ("windows",))
    app = App(head="3", scale="model")
    assert offers(app) == ["From a patch", "Within windows"]
    assert app.facts["Attention"] == "mean attention token to token, within windows"
    assert app.facts["Grid"].startswith("4 × 6 ")
    assert len(app.items("heads")) == 5
    ends = [min(maps.min() for maps in WINDOWS), max(maps.max() for maps in WINDOWS)]
    assert app.limits[0] == pytest.approx(ends)
    app.set("layer", 0)
    assert app.hero["title"] == "Layer 0, mean of all heads", "it has no head 3"
    assert app.facts["Grid"].startswith("8 × 12 ")
    assert app.stage["original"]["grid"] == [8, 12]
    assert len(app.items("heads")) == 3
    for name, value in [("hide", True), ("view", "mask"), ("view", "contour"), ("scale", "layer")]:
        app.set(name, value)
        assert np.shape(app.hero["values"]) == (8, 12)


def test_the_layers_page_takes_heads_that_all_layers_have(pretend: Pretend) -> None:
    pretend("bundled-clip", WINDOWED, ("windows",))
    app = App("clip", head="1", scale="layers", first="0", second="1")
    assert [np.shape(panel["values"]) for panel in app.stage["panels"]] == [(8, 12), (4, 6)]
    first, second = app.limits
    assert first == second
    assert not App("clip", head="3").hero["title"].endswith("head 3")


def test_what_is_taken_home_is_of_the_kind(pretend: Pretend) -> None:
    pretend("bundled-vit", WINDOWED, ("windows",))
    source = attention.source(models.load("bundled-vit"), Request("cat", "bundled-vit", 128))
    shown = attention.Map(source, 0, "1")
    figure = export.heads(shown, Look(), facts.attention(shown))
    with np.load(io.BytesIO(figure.npz(Paper()))) as values:
        assert np.array_equal(values["cat-bundled-vit-layer0-head1"], WINDOWS[0][1])
    assert "within windows" in figure.view().decode()


def test_a_model_without_cls_says_so(without_cls: str) -> None:
    app = App(model=without_cls)
    assert offers(app) == ["From a patch", "Received (mean token-to-token)"]
    assert app.facts["Prefix tokens"] == "2 (no CLS)"
    assert app.facts["Attention"] == "mean attention token to token"
    assert "CLS token" not in caption(app)


def test_beside_stands_a_model_of_another_kind(without_cls: str) -> None:
    app = App(two="1", model2=without_cls)
    first, second = (panel["what"] for panel in app.stage["panels"])
    assert first.startswith("attention from CLS")
    assert second.startswith("mean attention token to token")
    assert "token to token" in app.facts["Beside"]
    app.set("kind", "tokens")
    first, second = (panel["what"] for panel in app.stage["panels"])
    assert first == second
