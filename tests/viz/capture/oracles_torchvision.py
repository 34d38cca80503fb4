"""torchvision's ViT, and the attention that its own `nn.MultiheadAttention` returns when asked."""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import VisionTransformer

from tests.viz.capture.oracles import CASES, Case, spread

vit = partial(
    VisionTransformer,
    image_size=64,
    patch_size=8,
    num_layers=2,
    num_heads=4,
    hidden_dim=32,
    mlp_dim=64,
    num_classes=5,
)


def attention(module: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    """(layers, heads, N, N): `need_weights=True, average_attn_weights=False`, layer by layer."""
    kept = []
    with torch.no_grad():
        patches = module.conv_proj(pixels)
        table = module.encoder.pos_embedding
        own = table[:, 1:].unflatten(1, (8, 8)).permute(0, 3, 1, 2)
        there = F.interpolate(own, patches.shape[-2:], mode="bicubic", antialias=True)
        x = torch.cat([module.class_token + table[:, :1], (patches + there).flatten(2).mT], 1)
        for layer in module.encoder.layers:
            y = layer.ln_1(x)
            how = {"need_weights": True, "average_attn_weights": False}
            y, weights = layer.self_attention(y, y, y, **how)
            kept.append(weights[0])
            x = x + y
            x = x + layer.mlp(layer.ln_2(x))
    return torch.stack(kept)


def case() -> Case:
    """A small ViT with random weights, its zero head included."""
    torch.manual_seed(0)
    module = vit().eval()
    spread(module)
    return Case(
        module, partial(attention, module), "`nn.MultiheadAttention` with `need_weights=True`"
    )


CASES["torchvision ViT"] = case
