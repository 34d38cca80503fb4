"""What is built from a checkpoint's files: shards, shapes that do not fit, and memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from heedmap import models
from heedmap.errors import HeedmapError
from heedmap.models.loading import build, loader
from torch import nn

from tests import checkpoints
from tests.checkpoints import Files
from tests.hub import Hub

pytestmark = [pytest.mark.usefixtures("catalogue"), pytest.mark.slow]  # downloads


def sentence(id: str) -> str:
    """What a visitor is told who asks for a model."""
    with pytest.raises(HeedmapError) as caught:
        models.load(id)
    return str(caught.value)


def test_shards_are_put_together(hub: Hub, tiny_clip: Files, tmp_path: Path) -> None:
    from transformers import CLIPModel

    whole = tmp_path / "whole"
    whole.mkdir()
    for name, content in tiny_clip.items():
        (whole / name).write_bytes(content)
    files = checkpoints.transformers(CLIPModel.from_pretrained(whole), max_shard_size="100KB")
    assert len([name for name in files if name.endswith(".safetensors")]) > 1
    hub.add("openai/tiny", {**files, "preprocessor_config.json": b"{}"})
    adapter = models.load("clip")
    assert adapter.depth == 2
    loader._cache.clear()
    hub.log.clear()
    models.load("clip")
    assert hub.log == []


def test_the_wrong_architecture_names_the_keys(hub: Hub) -> None:
    hub.add("timm/tiny", checkpoints.timm("test_vit2"))
    message = sentence("tiny")
    assert message.startswith("The weights of Tiny ViT do not fit the architecture test_vit: ")
    assert message.endswith("; name the architecture that they were trained with.")
    assert "missing cls_token, norm.weight, norm.bias; not known blocks.0.ls1.gamma" in message
    assert "and 40 more" in message


def test_a_clip_with_other_layers_names_the_keys(hub: Hub, tiny_clip: Files) -> None:
    config = json.loads(tiny_clip["config.json"])
    config["vision_config"]["num_hidden_layers"] = 3
    config["vision_config"]["patch_size"] = 8
    hub.add("openai/tiny", {**tiny_clip, "config.json": json.dumps(config).encode()})
    message = sentence("clip")
    assert message.startswith("The weights of Tiny CLIP do not fit the architecture CLIPModel: ")
    assert "missing vision_model.encoder.layers.2." in message
    assert "of another shape vision_model.embeddings.patch_embedding.weight" in message


def test_the_memory_is_bounded_and_really_freed(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    import weakref

    hub.add("timm/tiny", tiny_vit)
    hub.add("timm/small", checkpoints.timm("test_efficientnet"))
    monkeypatch.setenv("HEEDMAP_CACHE_GB", "0.0018")
    first = models.load("tiny")
    weights = [weakref.ref(weight) for weight in first.module.parameters()]
    del first
    models.load("small")
    assert not models.loaded("tiny")
    assert all(ref() is None for ref in weights)


def test_one_too_large_for_the_memory(
    hub: Hub, tiny_vit: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("timm/tiny", tiny_vit)
    monkeypatch.setenv("HEEDMAP_CACHE_GB", "0.001")
    assert "takes 1.5 MB of memory and the cache holds 1.0 MB" in sentence("tiny")


def test_complex_rotations_keep_their_imaginary_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "precision", lambda: torch.bfloat16)
    module = nn.Linear(2, 2)
    module.register_buffer("turn", torch.tensor([1j, 1 + 2j]))
    module.register_buffer("place", torch.arange(3))
    placed = build._placed(module)
    assert placed.weight.dtype == torch.bfloat16
    assert placed.turn.tolist() == [1j, 1 + 2j]
    assert placed.place.dtype == torch.int64
