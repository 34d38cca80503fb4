"""What a refusal advises, followed word by word until something is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import timm
import torch
import transformers
from heedmap import models, viz
from heedmap.errors import CaptureError, ModelError, SettingError
from torch import nn

from tests.viz.capture import oracles, oracles_class_attention, oracles_windows
from tests.viz.capture.oracles import SMALL
from tests.viz.capture.test_levit import small_levit

PHOTO = np.random.default_rng(0).integers(0, 256, (40, 72, 3), dtype=np.uint8)
TINY = {"embed_dims": (8,) * 4, "depths": (1,) * 4, "num_heads": (1,) * 4}
WHAT_WAS_SEEN = "no attention was seen in its forward pass"
MODELS: dict[str, tuple[dict[str, Any], str]] = {
    "mixer_s32_224": ({}, WHAT_WAS_SEEN),
    "sequencer2d_s": ({"layers": (1, 1, 1, 1)}, WHAT_WAS_SEEN),
    "mambaout_femto": ({}, WHAT_WAS_SEEN),
    "efficientvit_b0": ({}, WHAT_WAS_SEEN),
    "crossvit_tiny_240": ({"depth": ((1, 1, 0),)}, "is not known"),
    "pit_ti_224": ({}, "is not known"),
    "nest_tiny": ({}, "is not known"),
    "pvt_v2_b0": (TINY, "not from every patch to every patch"),
    "coat_lite_tiny": ({}, "not from every patch to every patch"),
}


def follow(adapter: models.Adapter, do: Callable[[models.Prepared], Any], **how: Any) -> Any:
    """Do it; where the size or the fit is refused, once more as the sentence says."""
    try:
        return do(adapter.prepare(PHOTO, **how))
    except SettingError as refused:
        size, fit = re.search(r"choose the size (\d+) and the fit '(\w+)'", str(refused)).groups()
        return do(adapter.prepare(PHOTO, size=int(size), fit=fit))


@pytest.mark.parametrize("name", list(MODELS))
def test_the_advice_of_a_model_without_maps_of_attention(name: str) -> None:
    how, seen = MODELS[name]
    adapter = models.wrap(timm.create_model(name, **how).eval(), title="This one")
    with pytest.raises(CaptureError) as refused:
        viz.record_attention(adapter, adapter.prepare(PHOTO, size=96))
    said = str(refused.value)
    assert seen in said
    assert "ConvNet" not in said
    assert "page" not in said
    assert "see its convolutions, or choose another model." in said
    record = follow(adapter, lambda x: viz.record_activations(adapter, x), size=96)
    assert set(adapter.default_conv_layers) <= set(record.maps)


def test_the_advice_of_a_model_for_one_size_alone() -> None:
    aimv2 = transformers.Aimv2VisionModel(transformers.Aimv2VisionConfig(**SMALL)).eval()
    adapter = models.wrap(aimv2, size=96)  # told wrong: the size that is advised is the module's
    with pytest.raises(SettingError, match="choose the size 64 and the fit 'squash'"):
        viz.record_attention(adapter, adapter.prepare(PHOTO))
    record = follow(adapter, lambda x: viz.record_attention(adapter, x))
    assert record.grid == (8, 8)


def test_a_model_that_runs_at_no_size_is_given_no_size() -> None:
    vit = timm.create_model("vit_tiny_patch16_224", depth=1, embed_dim=12, num_heads=2)
    vit.blocks[0].attn.qkv = vit.head
    adapter = models.wrap(vit, title="Broken")
    with pytest.raises(
        CaptureError, match=r"Broken failed on a photo of 176 x 96 px \(.*\): it has"
    ):
        viz.record_attention(adapter, adapter.prepare(PHOTO, size=96))


def test_a_model_without_convolutions_points_to_its_attention() -> None:
    config = transformers.RadioConfig(**SMALL, max_img_size=64)
    adapter = models.wrap(transformers.RadioModel(config).eval())
    x = adapter.prepare(PHOTO)
    with pytest.raises(CaptureError, match="has no convolution to show: record its attention"):
        viz.record_activations(adapter, x)
    assert viz.record_attention(adapter, x).cls is not None


def test_the_advice_for_a_photo_with_too_many_patches() -> None:
    adapter = models.wrap(timm.create_model("vit_tiny_patch16_224", depth=1))
    thin = np.zeros((8, 2000, 3), np.uint8)
    with pytest.raises(SettingError) as refused:
        adapter.prepare(thin, size=224)
    size, fit = re.search(r"a size up to (\d+) or the fit '(\w+)'", str(refused.value)).groups()
    assert adapter.prepare(thin, size=int(size)).grid[0] == int(size) // 16
    assert adapter.prepare(thin, size=224, fit=fit).grid == (14, 14)
    with pytest.raises(SettingError):
        adapter.prepare(thin, size=int(size) + 16)


FAMILIES: dict[str, Callable[[], nn.Module]] = {
    "ViT": lambda: oracles.case("timm ViT").module,
    "ViT with parallel blocks": lambda: timm.create_model(
        "vit_small_patch16_18x2_224", depth=1, embed_dim=48, num_heads=4, img_size=64
    ),
    "pooling head": lambda: oracles.case("timm SigLIP").module,
    "Swin": lambda: oracles_windows.case("Swin").module,
    "LeViT": small_levit,
    "CaiT": lambda: oracles_class_attention.case("CaiT").module,
    "VOLO": lambda: oracles_class_attention.case("VOLO").module,
    "ConvNet": lambda: timm.create_model("test_resnet").eval(),
}


@pytest.mark.parametrize("family", list(FAMILIES))
def test_the_methods_that_are_advised_in_place_of_another_work(family: str) -> None:
    adapter = models.wrap(FAMILIES[family](), title="This one")
    x = adapter.prepare(PHOTO, size=adapter.size, fit="squash")
    named = {each.name: id for id, each in viz.METHODS.items()}
    advised: set[str] = set()
    for method in viz.METHODS:
        try:
            viz.check_method(adapter, method)
        except CaptureError as refused:
            advised |= set(re.search(r": choose (.*)\.$", str(refused))[1].split(" or "))
    assert advised
    for name in advised:
        assert viz.explain(adapter, x, named[name]).heat.ndim == 2


@pytest.mark.parametrize("family", ["Swin", "LeViT", "CaiT", "VOLO", "ConvNet"])
def test_the_records_that_are_advised_in_place_of_another_work(family: str) -> None:
    adapter = models.wrap(FAMILIES[family](), title="This one")
    x = adapter.prepare(PHOTO, size=adapter.size, fit="squash")
    token = "cls" if adapter.has_cls else (0, 0)
    instead = {
        "record rows of its attention instead": lambda: viz.record_rows(adapter, x, 0, [token]),
        "record its maps instead": lambda: viz.record_attention(adapter, x),
        "record it without stats": lambda: viz.record_attention(adapter, x),
        "see its convolutions": lambda: viz.record_activations(adapter, x),
    }
    for refused in (
        lambda: viz.record_queries(adapter, x, 0),
        lambda: viz.attention_matrix(adapter, x, 0, 0),
        lambda: viz.record_attention(adapter, x, stats=True),
    ):
        with pytest.raises((CaptureError, SettingError)) as error:
            refused()
        (follow,) = [do for words, do in instead.items() if words in str(error.value)]
        assert follow() is not None


class Own(nn.Module):
    """A class of somebody's own, which changes the photo before its models see it."""

    def __init__(self, count: int) -> None:
        super().__init__()
        vits = (timm.create_model("vit_tiny_patch16_224", depth=1) for _ in range(count))
        self.parts = nn.ModuleDict({f"vit{i}": vit for i, vit in enumerate(vits)})

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.parts["vit0"](pixels / 255)


@pytest.mark.parametrize("count", [1, 2])
def test_the_advice_for_a_class_of_your_own(count: int) -> None:
    own = Own(count)
    with pytest.raises(ModelError) as refused:
        models.wrap(own)
    path = re.search(r"the module's ([\w.]+\w)", str(refused.value))[1]
    adapter = models.wrap(own.get_submodule(path))
    assert viz.record_attention(adapter, adapter.prepare(PHOTO, size=64)).depth == 1


def test_the_advice_for_layers_and_kinds_that_are_not_there() -> None:
    net = models.wrap(timm.create_model("resnet10t").eval(), title="Net")
    x = net.prepare(PHOTO, size=64)
    with pytest.raises(SettingError) as refused:
        viz.record_activations(net, x, ["none"])
    names = re.search(r"choose from (.*), \.\.\.", str(refused.value))[1].split(", ")
    assert set(viz.record_activations(net, x, names).maps) == set(names)
    vit = models.wrap(timm.create_model("vit_tiny_patch16_224", depth=1).eval())
    record = viz.record_attention(vit, vit.prepare(PHOTO, size=64))
    with pytest.raises(SettingError) as refused:
        record.of("windows")
    (kind,) = re.search(r"choose from (.*)\.", str(refused.value))[1].split(", ")
    assert len(record.of(kind)) == 1
