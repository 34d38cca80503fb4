"""Models whose CLS reads the patches in layers of its own, and the same made for other photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import nn

from tests.viz.capture.oracles import spread

MAKE: dict[str, Callable[..., Any]] = {
    "CaiT": partial(
        timm.create_model, "cait_xxs24_224",
        embed_dim=48, num_heads=4, depth=2, init_values=0.5, num_classes=3,
    ),
    "XCiT": partial(
        timm.create_model, "xcit_nano_12_p16_224",
        embed_dim=48, num_heads=4, depth=2, eta=0.5, num_classes=3,
    ),
    "VOLO": partial(
        timm.models.volo.VOLO,
        layers=[1, 1, 1], embed_dims=[24, 48, 48], num_heads=[2, 4, 4], mlp_ratio=2,
        downsamples=(True, False, False), outlook_attention=(True, False, False),
        stem_hidden_dim=8, num_classes=3,
    ),
}  # fmt: skip
LAYERS = {"CaiT": "blocks_token_only", "XCiT": "cls_attn_blocks", "VOLO": "post_network"}
AGAINST = "timm, unfused, made for each photo"


@dataclass
class Case:
    """A module to wrap, made for photos of 64 px; its like for photos of any size.

    Attributes:
        module: what is wrapped.
        layers: the name of its class-attention layers.
        anew: (height, width) -> the same weights in a module of that size, unfused.
    """

    module: Any
    layers: str
    anew: Callable[[int, int], Any]


def case(family: str) -> Case:
    """A small model with random weights."""
    torch.manual_seed(0)
    module = MAKE[family](img_size=64).eval()
    spread(module)

    def anew(height: int, width: int) -> nn.Module:
        size = (height, width) if family != "XCiT" else 64  # which has no table of positions
        like = MAKE[family](img_size=size).eval()
        weights = dict(module.state_dict())
        if family != "XCiT":
            weights["pos_embed"] = _resampled(weights["pos_embed"], height // 16, width // 16)
        like.load_state_dict(weights)
        for part in like.modules():
            if hasattr(part, "fused_attn"):
                part.fused_attn = False
        return like

    return Case(module, LAYERS[family], anew)


def _resampled(table: torch.Tensor, rows: int, cols: int) -> torch.Tensor:
    """(1, 16, dim) or (1, 4, 4, dim) -> the same for a grid of rows and cols."""
    own = table.reshape(1, 4, 4, -1).permute(0, 3, 1, 2)
    there = F.interpolate(own, (rows, cols), mode="bicubic", antialias=True).permute(0, 2, 3, 1)
    return there if table.ndim == 4 else there.flatten(1, 2)
