"""Backbones, feature extractors, models that return anything: maps need no output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import timm
import torch
import transformers as T
from heedmap import models, viz
from torch import nn

from tests.viz.capture.oracles import SMALL

PHOTO = np.random.default_rng(0).integers(0, 256, (40, 72, 3), dtype=np.uint8)
STAGES = {
    "image_size": 64,
    "embed_dim": 16,
    "depths": [2, 2],
    "num_heads": [2, 4],
    "window_size": 4,
}
DECODER = {
    "decoder_hidden_size": 16, "decoder_num_hidden_layers": 1, "decoder_num_attention_heads": 2,
    "decoder_intermediate_size": 16,
}  # fmt: skip


def depth_anything() -> nn.Module:
    tower = T.Dinov2Config(**SMALL, out_features=["stage1"], reshape_hidden_states=False)
    return T.DepthAnythingForDepthEstimation(
        T.DepthAnythingConfig(
            backbone_config=tower, reassemble_hidden_size=32, patch_size=8, reassemble_factors=[2],
            neck_hidden_sizes=[8], fusion_hidden_size=8, head_in_channels=-1,
        )
    )  # fmt: skip


ATTENTION: dict[str, Callable[[], nn.Module]] = {
    "Dinov2Backbone": lambda: T.Dinov2Backbone(T.Dinov2Config(**SMALL)),
    "BeitBackbone": lambda: T.BeitBackbone(T.BeitConfig(**SMALL)),
    "PixioBackbone": lambda: T.PixioBackbone(T.PixioConfig(**SMALL)),
    "SwinBackbone": lambda: T.SwinBackbone(T.SwinConfig(**STAGES)),
    "DepthAnything": depth_anything,
    "ViT, masked": lambda: T.ViTForMaskedImageModeling(T.ViTConfig(**SMALL, encoder_stride=8)),
    "DeiT, masked": lambda: T.DeiTForMaskedImageModeling(T.DeiTConfig(**SMALL, encoder_stride=8)),
    "BEiT, masked": lambda: T.BeitForMaskedImageModeling(T.BeitConfig(**SMALL, vocab_size=16)),
    "MAE, whole": lambda: T.ViTMAEForPreTraining(T.ViTMAEConfig(**SMALL, **DECODER)),
    "Swin, masked": lambda: T.SwinForMaskedImageModeling(T.SwinConfig(**STAGES, encoder_stride=8)),
    "YOLOS": lambda: T.YolosForObjectDetection(
        T.YolosConfig(**{**SMALL, "image_size": [64, 96]}, num_detection_tokens=5)
    ),
    "timm features": lambda: timm.create_model(
        "vit_tiny_patch16_224", depth=2, patch_size=8, features_only=True, out_indices=(0, 1)
    ),
}


@pytest.mark.parametrize("make", ATTENTION.values(), ids=list(ATTENTION))
def test_attention_is_shown_whatever_is_returned(make: Callable[[], nn.Module]) -> None:
    adapter = models.wrap(make().eval())
    x = adapter.prepare(PHOTO, size=64)
    record = viz.record_attention(adapter, x)
    assert record.of(adapter.kinds[0])[-1].shape[-1] > record.of(adapter.kinds[0])[-1].shape[-2]


class Two(nn.Module):
    """Two convolutions, and what is made of their maps."""

    def __init__(self, made: Callable[..., Any]) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 5, 3, 2, 1)
        self.made = made

    def forward(self, photo: torch.Tensor) -> Any:
        return self.made(self.first(photo), self.second(self.first(photo)))


@pytest.mark.parametrize(
    "made",
    [
        lambda a, b: {"first": a, "second": b},
        lambda a, b: (a, b),
        lambda a, b: [a, (b, None)],
        lambda a, b: None,
    ],
)
def test_channels_are_shown_whatever_is_returned(made: Callable[..., Any]) -> None:
    net = Two(made)
    adapter = models.wrap(net, size=32)
    x = adapter.prepare(PHOTO)
    record = viz.record_activations(adapter, x)
    with torch.no_grad():
        np.testing.assert_allclose(
            record.maps["second"], net.second(net.first(x.pixels))[0], atol=1e-5
        )
    assert record.logits is None


def test_logits_are_found_in_a_dictionary() -> None:
    adapter = models.wrap(Two(lambda a, b: {"logits": b.mean((2, 3))}), size=32)
    assert viz.record_activations(adapter, adapter.prepare(PHOTO)).logits.shape == (5,)


@pytest.mark.parametrize("name", ["resnet10t", "convnext_atto"])
def test_channels_of_timm_feature_extractors(name: str) -> None:
    adapter = models.wrap(timm.create_model(name, features_only=True).eval())
    assert adapter.patch == 32
    record = viz.record_activations(adapter, adapter.prepare(PHOTO, size=64))
    assert set(record.maps) == set(adapter.conv_layers)


def test_a_part_in_several_places_is_shown_once_as_it_first_ran() -> None:
    """CoaT lite shares its convolutional positions among the blocks of a stage."""
    coat = timm.create_model("coat_lite_tiny").eval()
    adapter = models.wrap(coat)
    parts = [adapter.module.get_submodule(name) for name in adapter.conv_layers]
    assert len(set(parts)) == len(parts)
    kept: list[torch.Tensor] = []
    first = next(name for name in adapter.conv_layers if "crpe" in name)
    hook = coat.get_submodule(first).register_forward_hook(lambda _, i, o: kept.append(o[0]))
    maps = viz.record_activations(adapter, adapter.prepare(PHOTO, fit="squash")).maps
    hook.remove()
    assert len(kept) > 1
    np.testing.assert_allclose(maps[first], kept[0], atol=1e-5)
    again = "serial_blocks1.1.factoratt_crpe.crpe.conv_list.0"  # another of its paths
    assert viz.record_activations(adapter, adapter.prepare(PHOTO, fit="squash"), [again]).maps


@pytest.mark.parametrize("name", ["levit_128s", "levit_conv_128s"])
@pytest.mark.parametrize("fit", ["squash", "crop"])
def test_levit_at_the_size_that_it_was_made_for(name: str, fit: str) -> None:
    adapter = models.wrap(timm.create_model(name).eval())
    assert (adapter.size, adapter.patch) == (224, 64)
    x = adapter.prepare(PHOTO, fit=fit)
    assert (x.view.shape, x.grid) == ((224, 224, 3), (4, 4))
    maps = viz.record_activations(adapter, x).maps
    assert maps["stem.conv4.linear"].shape[1:] == (14, 14)
    assert set(maps) == set(adapter.conv_layers)
