"""Models that show no attention map say why, and what to do instead."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from heedmap import models, viz
from heedmap.errors import CaptureError
from torch import nn

SMALL = {"embed_dims": (8,) * 4, "depths": (1,) * 4, "num_heads": (1,) * 4}
UNLIKE = {
    "edgenext_xx_small": ({}, "it attends over channels, not over places in the photo"),
    "pvt_v2_b0": (SMALL, "it attends from 3136 to 49 tokens, not from every patch to every patch"),
    "test_coatnet": (
        {"img_size": 64},
        "where the tokens that it attends to are in the photo is not known",
    ),
}


@pytest.mark.parametrize("name", list(UNLIKE))
def test_a_model_that_attends_otherwise_says_how(name: str) -> None:
    how, reason = UNLIKE[name]
    adapter = models.wrap(timm.create_model(name, **how), title="This one")
    x = adapter.prepare(np.zeros((64, 64, 3), np.uint8), size=64)
    sentence = f"This one shows no attention map: {reason}; see its convolutions, or"
    with pytest.raises(CaptureError, match=sentence):
        viz.record_attention(adapter, x)


class Bottleneck(nn.Module):
    """A convolution, and attention whose softmax has no axis for the heads."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 4, stride=4)
        self.SelfAttention = type("SelfAttention", (nn.Identity,), {})()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = self.SelfAttention(self.stem(pixels).flatten(2).mT)
        return ((x @ x.mT).softmax(-1) @ x).mean(1)


def test_attention_that_cannot_be_watched_is_not_denied() -> None:
    adapter = models.wrap(Bottleneck(), title="BoT")
    x = adapter.prepare(np.zeros((32, 32, 3), np.uint8), size=32)
    with pytest.raises(CaptureError, match=r"BoT .*: its attention does not pass through a call"):
        viz.record_attention(adapter, x)


def test_more_layers_than_known_are_no_map() -> None:
    vit = timm.create_model("vit_tiny_patch16_224", depth=2, embed_dim=12, num_heads=2)
    vit.blocks[1] = nn.Sequential(vit.blocks[1], vit.blocks[0])
    adapter = models.wrap(vit, title="ViT")
    adapter.depth = 2
    x = adapter.prepare(np.zeros((32, 32, 3), np.uint8), size=32)
    with pytest.raises(CaptureError, match="3 layers of attention were seen where 2 are known"):
        viz.record_attention(adapter, x)
