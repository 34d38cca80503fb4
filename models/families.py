"""What differs between model families: where the tokens stand, how the module is called.

Each family describes one kind of module behind the same few names. A new family is one more class
and its place in `FAMILIES`.
"""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import nn

from .prepare import Preprocessing

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)


class Family(Protocol):
    """What an adapter needs to know of a module.

    Attributes:
        name: the page that shows it: "vit", "clip" or "cnn".
        patch: side of a patch, px; for a ConvNet its total stride.
        prefix: tokens before the patches (CLS, distillation, registers).
        has_cls: whether the first of them is a CLS token.
        depth: layers of attention over all tokens.
        heads: attention heads a layer.
        preprocessing: what the module itself says of its input.
    """

    name: str
    patch: int
    prefix: int
    has_cls: bool
    depth: int
    heads: int
    preprocessing: Preprocessing

    def __init__(self, module: nn.Module) -> None: ...

    @staticmethod
    def matches(module: nn.Module) -> bool:
        """Whether the module is of this family."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(1, 3, H', W') on the module's device -> logits (1, classes) or features (1, dim)."""


class TimmViT:
    """timm's VisionTransformer, distilled DeiT and Eva (DINOv3): blocks over prefix and patches."""

    name = "vit"

    def __init__(self, module: Any) -> None:
        self.module = _any_size(module)
        self.patch = int(module.patch_embed.patch_size[0])
        self.prefix = int(module.num_prefix_tokens)
        self.has_cls = module.cls_token is not None
        self.depth = len(module.blocks)
        self.heads = int(module.blocks[0].attn.num_heads)
        self.preprocessing = _timm_preprocessing(module)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        names = ("patch_embed", "blocks", "num_prefix_tokens", "dynamic_img_size")
        return all(hasattr(module, name) for name in names)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.module(pixels)
        return output


class TransformersViT:
    """Vision towers of Transformers: CLIP, SigLIP, ViT, DeiT, DINOv2 (with registers), DINOv3."""

    def __init__(self, module: Any) -> None:
        tower = getattr(module, "vision_model", module)
        config = tower.config
        self.module = tower
        self.name = "clip" if config.model_type.startswith(("clip", "siglip")) else "vit"
        self.patch = _side(config.patch_size)
        self.has_cls, self.prefix = _transformers_prefix(tower)
        self.depth, self.heads = int(config.num_hidden_layers), int(config.num_attention_heads)
        self.preprocessing = _transformers_preprocessing(config)
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


class ConvNet:
    """Any module with convolutions and no attention over patches."""

    name = "cnn"
    prefix, has_cls, depth, heads = 0, False, 0, 0

    def __init__(self, module: Any) -> None:
        self.module = module
        stages = getattr(module, "feature_info", None) or [{}]
        self.patch = int(stages[-1].get("reduction", 1))
        self.preprocessing = _timm_preprocessing(module)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return any(isinstance(part, nn.Conv2d) for part in module.modules())

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.module(pixels)
        return output


FAMILIES: tuple[type[Family], ...] = (TimmViT, TransformersViT, ConvNet)


def conv_layers(module: nn.Module) -> tuple[str, ...]:
    """Names of the convolutions that make maps, in the order of the module.

    Left out are squeeze-and-excite gates and MLPs, written as convolutions over one cell.
    """
    return tuple(_convolutions(module, ""))


def _convolutions(module: nn.Module, prefix: str) -> Iterator[str]:
    for name, part in module.named_children():
        if isinstance(part, nn.Conv2d):
            yield prefix + name
        elif not type(part).__name__.startswith(("Squeeze", "ConvMlp")):
            yield from _convolutions(part, f"{prefix}{name}.")


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


def _timm_preprocessing(module: Any) -> Preprocessing:
    cfg = getattr(module, "pretrained_cfg", None) or {}
    own = Preprocessing()
    return Preprocessing(
        size=min(cfg.get("input_size", (3, own.size, own.size))[1:]),
        mean=tuple(cfg.get("mean", own.mean)),
        std=tuple(cfg.get("std", own.std)),
        crop_pct=cfg.get("crop_pct") or own.crop_pct,
        interpolation=cfg.get("interpolation") or own.interpolation,
    )


def _transformers_preprocessing(config: Any) -> Preprocessing:
    """Transformers keeps this beside the model; these are what each family's processor uses."""
    size = _side(config.image_size)
    if config.model_type.startswith("clip"):
        return Preprocessing(size, CLIP_MEAN, CLIP_STD, crop_pct=1.0)
    if config.model_type.startswith("dino"):
        return Preprocessing(min(size, 224), crop_pct=224 / 256)
    return Preprocessing(size, HALF, HALF, crop_pct=1.0, interpolation="bilinear")


def _transformers_prefix(tower: nn.Module) -> tuple[bool, int]:
    """Whether there is a CLS token, and how many tokens stand before the patches."""
    tokens = {name.rsplit(".", 1)[-1]: value for name, value in tower.named_parameters()}
    has_cls = "cls_token" in tokens or "class_embedding" in tokens
    registers = tokens["register_tokens"].shape[-2] if "register_tokens" in tokens else 0
    return has_cls, int(has_cls) + int("distillation_token" in tokens) + registers


def _side(size: Any) -> int:
    return int(size if isinstance(size, int) else math.sqrt(math.prod(size)))
