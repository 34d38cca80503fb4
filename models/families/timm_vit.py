"""timm's Vision Transformers."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from ..catalogue import PAGES, contrastive
from .family import TOKENS
from .preprocessing import of_timm


class TimmViT:
    """timm's VisionTransformer, distilled DeiT and Eva (DINOv3): blocks over prefix and patches."""

    def __init__(self, module: Any) -> None:
        self.module = _any_size(module)
        self.pages = PAGES["clip" if contrastive(_architecture(module)) else "vit"]
        self.patch = int(module.patch_embed.patch_size[0])
        self.prefix = int(module.num_prefix_tokens)
        self.has_cls = module.cls_token is not None
        pool = ("pool",) if hasattr(getattr(module, "attn_pool", None), "latent") else ()
        self.kinds = pool + (TOKENS if self.has_cls else TOKENS[1:])
        self.depth = len(module.blocks)
        self.heads = int(module.blocks[0].attn.num_heads)
        self.preprocessing = of_timm(module)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        names = ("patch_embed", "blocks", "num_prefix_tokens", "dynamic_img_size")
        return all(hasattr(module, name) for name in names)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.module(pixels)
        return output


def _architecture(module: Any) -> str:
    cfg = getattr(module, "pretrained_cfg", None) or {}
    return cfg.get("architecture") or ""


def _any_size(module: Any) -> Any:
    """The same timm ViT, sharing every weight, that takes photos of any size and shape.

    Shallow copies carry the switches, so the module that was handed in stays as it was.
    """
    if module.dynamic_img_size:
        return module
    patches = copy.copy(module.patch_embed)
    patches.strict_img_size, patches.flatten = False, False
    patches.output_fmt = type(patches.output_fmt)("NHWC")
    parts = {**module._modules, "patch_embed": patches}
    if parts.get("rope") is not None:
        parts["rope"] = copy.copy(module.rope)
        parts["rope"]._use_cached_embed = False  # rotations are computed for each grid
    clone = copy.copy(module)
    clone._modules = parts
    clone.dynamic_img_size = True
    clone.training = patches.training = False
    return clone
