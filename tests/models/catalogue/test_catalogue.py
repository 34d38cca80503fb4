"""The catalogue says what is true of the checkpoints that it names."""

from __future__ import annotations

import re

import pytest
from heedmap import models
from heedmap.errors import SettingError, UnknownModelError
from heedmap.models.capabilities import MAPS
from heedmap.models.catalogue.entries import BUNDLED, CATALOGUE, GROUPS, Model

HUB = [model for model in CATALOGUE if not model.bundled]
TIMM = [model for model in HUB if model.library == "timm"]


def name(model: Model) -> str:
    return model.id


def test_every_model_of_the_plan_is_there() -> None:
    ids = {model.id for model in CATALOGUE}
    assert len(ids) == len(CATALOGUE)
    assert {f"bundled-{kind}" for kind in ("vit", "vit-reg", "clip", "cnn", "bert")} <= ids
    assert {f"dino-vit{size}{patch}" for size in "sb" for patch in (8, 16)} <= ids
    assert {f"dinov2-vit{size}14{reg}" for size in "sbl" for reg in ("", "-reg")} <= ids
    assert {"dinov3-vits16", "dinov3-vitb16"} <= ids
    assert {"clip-vit-b32", "clip-vit-b16", "clip-vit-l14", "clip-vit-l14-336"} <= ids
    assert {"resnet18", "resnet50", "convnext-tiny", "efficientnet-b0", "vgg16"} <= ids
    assert "mobilenetv3-large" in ids


@pytest.mark.parametrize("model", CATALOGUE, ids=name)
def test_a_record_is_complete(model: Model) -> None:
    assert re.fullmatch(r"[a-z0-9.-]+", model.id)
    assert model.can & MAPS or model.can == {"text"}
    assert model.title
    assert model.licence
    assert (model.size > 0) == bool(model.can & MAPS) or model.bundled
    if model.bundled:
        assert model.folder == BUNDLED / model.id
        assert not model.repo
    else:
        assert model.folder is None
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", model.repo)
        widths = (4, 2) if model.can == {"text"} else (4,)  # bytes a weight
        assert any(0.9 < model.download_bytes / (n * model.parameters) < 1.1 for n in widths)


@pytest.mark.parametrize("model", TIMM, ids=name)
def test_timm_knows_it_as_the_catalogue_does(model: Model) -> None:
    import timm
    import torch

    cfg = timm.get_pretrained_cfg(model.architecture)
    assert cfg is not None
    assert cfg.hf_hub_id == model.repo
    assert cfg.license == model.licence
    with torch.device("meta"):
        module = timm.create_model(model.architecture)
    assert sum(weight.numel() for weight in module.parameters()) == model.parameters
    assert models.wrap(module).can == model.can
    assert model.size % models.wrap(module).patch == 0


@pytest.mark.parametrize(
    ("id", "hidden", "layers", "patch"),
    [("clip-vit-b32", 768, 12, 32), ("clip-vit-b16", 768, 12, 16), ("clip-vit-l14", 1024, 24, 14)],
)
def test_transformers_counts_the_same(id: str, hidden: int, layers: int, patch: int) -> None:
    import torch
    from transformers import CLIPConfig, CLIPModel

    large = hidden == 1024
    tower = {
        "hidden_size": hidden, "num_hidden_layers": layers, "patch_size": patch,
        "intermediate_size": 4 * hidden, "num_attention_heads": hidden // 64,
    }  # fmt: skip
    text = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}
    with torch.device("meta"):
        config = CLIPConfig(
            vision_config=tower, text_config=text if large else {},
            projection_dim=768 if large else 512,
        )  # fmt: skip
        module = CLIPModel(config)
    assert sum(weight.numel() for weight in module.parameters()) == models.record(id).parameters


def test_records_by_what_they_can_do() -> None:
    assert [model.id for model in models.records()] == models.ids()
    attention = models.records({"attention"})
    assert attention[0].id == "bundled-vit"
    assert "contrastive" not in attention[0].can
    assert "contrastive" in attention[-1].can  # what can do more comes after what can do just this
    assert {
        model.id for can in ("attention", "convolutions", "text") for model in models.records({can})
    } == set(models.ids())
    assert all(
        model.can >= {"attention", "contrastive"} for model in models.records({"contrastive"})
    )
    with pytest.raises(SettingError, match="No model can do 'dance': choose from attention, "):
        models.records({"dance"})


@pytest.mark.parametrize("needs", [{"attention"}, {"convolutions"}])
def test_models_of_one_group_stand_together(needs: set[str]) -> None:
    groups = [model.group for model in models.records(needs)]
    assert groups[0] == "Bundled"
    assert len(set(groups)) > 1
    assert groups == sorted(groups, key=GROUPS.index)


def test_an_unknown_id_gets_a_hint() -> None:
    with pytest.raises(UnknownModelError) as caught:
        models.record("dino-vits61")
    assert str(caught.value) == (
        "There is no model 'dino-vits61': did you mean 'dino-vits16', 'dino-vits8' or "
        "'dinov3-vits16'?"
    )
    with pytest.raises(UnknownModelError, match="There is no model 'qqq': choose one of mod"):
        models.load("qqq")
