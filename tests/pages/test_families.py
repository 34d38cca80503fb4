"""Real checkpoints of a hub, with random weights, from the link to the picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import transformers

from tests import checkpoints
from tests.hub import Hub, client
from tests.pages.app import App

SWIN = {"img_size": 64, "patch_size": 4, "window_size": 4, "embed_dim": 16, "depths": (2, 2),
        "num_heads": (2, 4)}  # fmt: skip
SIGLIP = {"img_size": 64, "embed_dim": 48, "depth": 2, "num_heads": 4}
HYBRID = {"img_size": 64, "embed_dim": 48, "depth": 2, "num_heads": 3}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub of one's own, and an empty cache."""
    with Hub() as hub:
        client(monkeypatch, tmp_path / "hub", hub.url)
        yield hub


def mass(panel: dict) -> float:
    """The sum of a map's values."""
    return float(np.sum(panel["values"]))


def test_swin_shows_attention_within_its_windows(hub: Hub) -> None:
    hub.add("tiny/swin", checkpoints.timm("swin_tiny_patch4_window7_224", **SWIN))
    app = App(model="tiny/swin", photo="rocket")
    assert not app.errors
    assert app.facts["Attention"] == "mean attention token to token, within windows"
    assert app.facts["Prefix tokens"] == "none"
    assert "On patches" not in app.facts
    assert [item["key"] for item in app.items("heads")] == ["mean", "0", "1", "2", "3"]
    coarse = np.shape(app.hero["values"])
    assert mass(app.hero) == pytest.approx(1, rel=1e-2)
    app.set("layer", 0)
    fine = np.shape(app.hero["values"])
    assert fine == tuple(2 * side for side in coarse)
    assert app.facts["Grid"] == f"{fine[0]} × {fine[1]} patches of 4 px"
    assert [item["key"] for item in app.items("heads")] == ["mean", "0", "1"]
    assert mass(app.hero) == pytest.approx(1, rel=1e-2)


@pytest.mark.parametrize("library", ["timm", "transformers"])
@pytest.mark.parametrize("page", ["vit", "clip"])
def test_siglip_shows_its_pooling_head_on_both_pages(hub: Hub, library: str, page: str) -> None:
    id = f"tiny/siglip-{library}"
    if library == "timm":
        hub.add(id, checkpoints.timm("vit_base_patch16_siglip_224", **SIGLIP))
    else:
        config = transformers.SiglipVisionConfig(
            hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
            image_size=64, patch_size=16,
        )  # fmt: skip
        hub.add(id, checkpoints.transformers(transformers.SiglipVisionModel(config)))
    app = App(page, model=id)
    assert not app.errors
    assert app.hero["title"].startswith("Pooling head, ")
    assert len(app.items("heads")) == 5
    assert mass(app.hero) == pytest.approx(1, rel=1e-2)
    app.set("kind", "tokens")
    assert app.hero["title"].startswith("Layer ")
    assert app.link == {"model": id, "kind": "tokens"}


def test_a_hybrid_stands_on_two_pages(hub: Hub) -> None:
    hub.add("tiny/hybrid", checkpoints.timm("vit_tiny_r_s16_p8_224", **HYBRID))
    assert App(model="tiny/hybrid").facts["Attention"] == "attention from CLS"
    app = App("cnn", model="tiny/hybrid")
    assert not app.errors
    assert all("patch_embed" in group["title"] for group in app.gallery("channels")["groups"])
    app = App("clip", model="tiny/hybrid")
    assert app.errors == ["tiny/hybrid is shown on another page: see ViT heads or CNN channels."]


def test_why_says_what_windows_cannot_be_asked(hub: Hub) -> None:
    hub.add("tiny/swin", checkpoints.timm("swin_tiny_patch4_window7_224", **SWIN, num_classes=3))
    app = App("why", model="tiny/swin", methods="raw")
    assert [panel["title"] for panel in app.stage["panels"]] == ["Attention of a layer"]
    said = " ".join(caption.value for caption in app.at.caption).replace("\\", "")
    assert "Relevance and LeGrad follow every token through every layer, and tiny/swin" in said
    assert "attends within windows." in said


def test_a_clip_without_its_tokenizer_shows_the_words_of_the_bundled_one(hub: Hub) -> None:
    hub.add("tiny/clip", checkpoints.clip())
    app = App("clip", model="tiny/clip", show="words")
    (error,) = app.errors
    assert "The tokenizer of tiny/clip cannot be loaded (there is none), so it reads no" in error
    assert [panel["title"] for panel in app.stage["panels"]] == ["a cat", "a dog"]


def test_swin_and_a_vit_side_by_side(hub: Hub) -> None:
    hub.add("tiny/swin", checkpoints.timm("swin_tiny_patch4_window7_224", **SWIN))
    app = App(two="1", model2="tiny/swin", layer2="3", head2="1")
    first, second = app.stage["panels"]
    assert second["title"] == "Layer 3, head 1"
    assert first["what"].startswith("attention from CLS")
    assert second["what"].startswith("mean attention token to token, within windows")
    assert first["grid"] != second["grid"]
