"""timm's Vision Transformers."""

from __future__ import annotations

from typing import Any

import torch
from heedmap.errors import ModelError
from heedmap.models.catalogue.entries import contrastive
from heedmap.models.families import dino
from heedmap.models.families.family import ATTENTION, TOKENS
from heedmap.models.families.order import Order
from heedmap.models.families.preprocessing import of_timm
from heedmap.models.families.sharing import sharing
from heedmap.models.families.stream import Stream, stream
from torch import nn


class TimmViT:
    """timm's VisionTransformer, distilled DeiT and Eva (DINOv3): blocks over prefix and patches."""

    def __init__(self, module: Any) -> None:
        attentions = _attentions(module)
        self.module = module
        self.can = ATTENTION
        if contrastive(_architecture(module)):
            self.can |= {"contrastive"}
        if hasattr(_embeds(module), "backbone"):  # a ConvNet makes the patches
            self.can |= {"convolutions"}
        self.patch = _patch(_embeds(module))
        has_cls = getattr(module, "embeds", module).cls_token is not None
        self.order = Order(int(module.num_prefix_tokens), cls=int(has_cls))
        pool = ("pool",) if hasattr(getattr(module, "attn_pool", None), "latent") else ()
        self.kinds = pool + (TOKENS if has_cls else TOKENS[1:])
        self.depth, self.heads = len(attentions), int(attentions[0].num_heads)
        self.preprocessing = of_timm(module)

    @property
    def can_be_dino(self) -> bool:
        """Whether positions can be interpolated by DINO's formula: one table, CLS and patches."""
        table = getattr(self.module, "pos_embed", None)
        plain = self.order.prefix == self.order.cls == 1 and hasattr(self.module, "patch_embed")
        return plain and table is not None and not self.module.no_embed_class

    @property
    def stream(self) -> Stream:
        """Blocks and final norm."""
        return stream(self.module, self.module.blocks)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        names = ("patch_embed", "blocks", "num_prefix_tokens", "dynamic_img_size")
        return all(hasattr(module, name) for name in names)

    def forward(self, pixels: torch.Tensor) -> Any:
        return _any_size(self.module)(pixels)

    def forward_as_dino(self, pixels: torch.Tensor) -> Any:
        return _with_positions_of_dino(self.module, pixels)(pixels)


class TimmNaFlex(TimmViT):
    """timm's NaFlexVit, which takes a photo of any shape as it is."""

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return all(hasattr(module, name) for name in ("embeds", "blocks", "num_prefix_tokens"))


class TimmRelative(TimmViT):
    """timm's BEiT and its ViTs with relative positions: their bias is made for one grid."""

    @staticmethod
    def matches(module: nn.Module) -> bool:
        names = ("patch_embed", "blocks", "num_prefix_tokens", "set_input_size")
        return all(hasattr(module, name) for name in names)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """As timm, with the bias resized to the photo's grid as timm does for a checkpoint."""
        module = self.module
        if pixels.shape[-2:] != tuple(module.patch_embed.img_size):
            module = sharing(module)
            module.set_input_size(img_size=tuple(pixels.shape[-2:]))
        output: torch.Tensor = module(pixels)
        return output


def _embeds(module: Any) -> Any:
    """What makes the patches."""
    return getattr(module, "patch_embed", None) or module.embeds


def _patch(embeds: Any) -> int:
    """Side of what one token covers, px: of a ConvNet's cells where that makes the patches."""
    return int(embeds.feat_ratio() if hasattr(embeds, "feat_ratio") else embeds.patch_size[0])


def _attentions(module: Any) -> list[Any]:
    """The modules that attend, in order: one or more in each block.

    Raises:
        ModelError: what comes out of two softmaxes is no attention that sums to 1.
    """
    parts = module.blocks.modules()
    found = [part for part in parts if hasattr(part, "num_heads") and hasattr(part, "fused_attn")]
    for part in found:
        if type(part).__name__.startswith("Diff"):
            raise ModelError(
                "{module} attends with the difference of two softmaxes, which is not a map of "
                "shares: choose a model with plain attention.",
                module=_architecture(module) or type(module).__name__,
            )
    return found


def _architecture(module: Any) -> str:
    cfg = getattr(module, "pretrained_cfg", None) or {}
    return str(cfg.get("architecture") or "")


def _any_size(module: Any) -> Any:
    """The same timm ViT, sharing every weight, that takes photos of any size and shape."""
    if getattr(module, "dynamic_img_size", True):
        return module
    clone = sharing(module)
    clone.dynamic_img_size = True
    patches = clone.patch_embed
    patches.strict_img_size, patches.flatten = False, False
    patches.output_fmt = type(patches.output_fmt)("NHWC")
    if getattr(clone, "rope", None) is not None:
        clone.rope._use_cached_embed = False  # rotations are computed for each grid
    return clone


def _with_positions_of_dino(module: Any, pixels: torch.Tensor) -> Any:
    """The same ViT, its positions interpolated to the grid of a photo by DINO's formula."""
    clone = _any_size(sharing(module))
    rows, cols = (int(side) // _patch(clone.patch_embed) for side in pixels.shape[-2:])
    table = dino.positions(module.pos_embed, module.patch_embed.grid_size, (rows, cols))
    clone._parameters["pos_embed"] = table
    clone.patch_embed.grid_size = (rows, cols)
    return clone
