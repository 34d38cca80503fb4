"""Vision towers of Transformers."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

from ..catalogue import PAGES, contrastive
from .family import TOKENS
from .preprocessing import of_transformers, side


class TransformersViT:
    """Vision towers of Transformers: CLIP, SigLIP, ViT, DeiT, DINOv2 (with registers), DINOv3."""

    def __init__(self, module: Any) -> None:
        tower = getattr(module, "vision_model", module)
        config = tower.config
        self.module = tower
        self.pages = PAGES["clip" if contrastive(config.model_type) else "vit"]
        self.patch = side(config.patch_size)
        self.has_cls, self.prefix = _prefix(tower)
        pool = ("pool",) if getattr(tower, "use_head", False) else ()
        self.kinds = pool + (TOKENS if self.has_cls else TOKENS[1:])
        self.depth, self.heads = int(config.num_hidden_layers), int(config.num_attention_heads)
        self.preprocessing = of_transformers(config)
        self._asks_for_any_size = (
            "interpolate_pos_encoding" in inspect.signature(tower.forward).parameters
        )

    @staticmethod
    def matches(module: nn.Module) -> bool:
        tower = getattr(module, "vision_model", module)
        return all(
            hasattr(getattr(tower, "config", None), name) for name in ("patch_size", "model_type")
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        how = {"interpolate_pos_encoding": True} if self._asks_for_any_size else {}
        output = self.module(pixel_values=pixels, **how)
        for name in ("logits", "pooler_output", "last_hidden_state"):
            if getattr(output, name, None) is not None:
                found: torch.Tensor = getattr(output, name)
                return found
        raise TypeError(f"{type(self.module).__name__} returned neither logits nor features")


def _prefix(tower: nn.Module) -> tuple[bool, int]:
    """Whether there is a CLS token, and how many tokens stand before the patches."""
    tokens = {name.rsplit(".", 1)[-1]: value for name, value in tower.named_parameters()}
    has_cls = "cls_token" in tokens or "class_embedding" in tokens
    registers = tokens["register_tokens"].shape[-2] if "register_tokens" in tokens else 0
    return has_cls, int(has_cls) + int("distillation_token" in tokens) + registers
