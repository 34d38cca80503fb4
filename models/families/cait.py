"""timm's CaiT."""

from __future__ import annotations

import copy
from typing import Any

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.family import ATTENTION
from heedmap.models.families.preprocessing import of_timm
from torch import nn


class CaiT:
    """timm's CaiT: what CLS reads in the class-attention layers, which stand last.

    The layers before have no CLS token, and mix the heads after their softmax (talking heads), so
    that no head of theirs has an attention of its own; they are not shown.
    """

    can: Can = ATTENTION
    kinds: tuple[str, ...] = ("cls",)
    prefix, has_cls = 1, True

    def __init__(self, module: Any) -> None:
        self.module = module
        self.patch = int(module.patch_embed.patch_size[0])
        self.depth = len(module.blocks_token_only)
        self.heads = int(module.blocks_token_only[0].attn.num_heads)
        self.preprocessing = of_timm(module)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return bool(getattr(module, "blocks_token_only", None))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """As timm's own, the position embedding resampled to the grid of the photo."""
        from timm.layers import resample_abs_pos_embed

        own = self.module
        patches = copy.copy(own.patch_embed)
        patches.strict_img_size = False
        position = resample_abs_pos_embed(
            own.pos_embed,
            new_size=list(patches.dynamic_feat_size(tuple(pixels.shape[-2:]))),
            old_size=list(patches.grid_size),
            num_prefix_tokens=0,
        )
        module = copy.copy(own)
        module._modules = {**own._modules, "patch_embed": patches}
        module._parameters = {**own._parameters, "pos_embed": position}
        output: torch.Tensor = module(pixels)
        return output
