"""timm's CaiT, XCiT and VOLO, whose CLS token reads the patches in layers of its own."""

from __future__ import annotations

from typing import Any

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.family import ATTENTION, BOTH
from heedmap.models.families.order import Order
from heedmap.models.families.preprocessing import of_timm
from heedmap.models.families.sharing import sharing
from torch import nn


class _ClassAttention:
    """What CLS reads in the class-attention layers, which are the last.

    The layers before them have no CLS token, and no head of theirs has a map of its own over the
    photo's patches: they are not shown.
    """

    can: Can = ATTENTION
    kinds: tuple[str, ...] = ("cls",)
    order = Order(prefix=1, cls=1)

    def __init__(self, module: Any, layers: Any) -> None:
        self.module = module
        self.depth, self.heads = len(layers), int(layers[0].attn.num_heads)
        self.preprocessing = of_timm(module)


class CaiT(_ClassAttention):
    """timm's CaiT; the layers before mix the heads after their softmax (talking heads)."""

    def __init__(self, module: Any) -> None:
        super().__init__(module, module.blocks_token_only)
        self.patch = int(module.patch_embed.patch_size[0])

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return bool(getattr(module, "blocks_token_only", None))

    def forward(self, pixels: torch.Tensor) -> Any:
        """As timm's own, the position embedding resampled to the grid of the photo."""
        from timm.layers import resample_abs_pos_embed

        module = sharing(self.module)
        patches = module.patch_embed
        patches.strict_img_size = False
        module._parameters["pos_embed"] = resample_abs_pos_embed(
            module.pos_embed,
            new_size=list(patches.dynamic_feat_size(tuple(pixels.shape[-2:]))),
            old_size=list(patches.grid_size),
            num_prefix_tokens=0,
        )
        return module(pixels)


class XCiT(_ClassAttention):
    """timm's XCiT; the layers before attend over channels."""

    can: Can = BOTH

    def __init__(self, module: Any) -> None:
        super().__init__(module, module.cls_attn_blocks)
        self.patch = int(module.patch_embed.patch_size)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return bool(getattr(module, "cls_attn_blocks", None))

    def forward(self, pixels: torch.Tensor) -> Any:
        return self.module(pixels)


class VOLO(_ClassAttention):
    """timm's VOLO; its outlook layers attend within windows, the others have no CLS token."""

    can: Can = BOTH

    def __init__(self, module: Any) -> None:
        super().__init__(module, module.post_network)
        self.patch = int(module.feature_info[-1]["reduction"])
        self.preprocessing = of_timm(module, built_for=module.pos_embed.shape[1] * self.patch)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return bool(getattr(module, "post_network", None)) and hasattr(module, "pooling_scale")

    def forward(self, pixels: torch.Tensor) -> Any:
        """As timm's own, the position embedding resampled to the grid of the photo."""
        from timm.layers import resample_abs_pos_embed_nhwc

        module = sharing(self.module)
        grid = [side // self.patch for side in pixels.shape[-2:]]
        module._parameters["pos_embed"] = resample_abs_pos_embed_nhwc(module.pos_embed, grid)
        return module(pixels)
