"""torchvision's Vision Transformers."""

from __future__ import annotations

from typing import Any

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.family import ATTENTION, TOKENS
from heedmap.models.families.order import Order
from heedmap.models.families.stream import Stream, stream
from heedmap.models.preprocessing import Preprocessing
from torch import nn


class TorchvisionViT:
    """torchvision's VisionTransformer: `vit_b_16` and its kin."""

    can: Can = ATTENTION
    kinds: tuple[str, ...] = TOKENS
    order = Order(prefix=1, cls=1)

    def __init__(self, module: Any) -> None:
        self.module = module
        self.patch = int(module.patch_size)
        self.depth = len(module.encoder.layers)
        self.heads = int(module.encoder.layers[0].num_heads)
        self.preprocessing = _preprocessing(int(module.image_size))

    @property
    def stream(self) -> Stream:
        """Blocks and final norm."""
        return stream(self.module, self.module.encoder.layers)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        names = ("conv_proj", "class_token", "encoder", "heads", "image_size")
        return all(hasattr(module, name) for name in names)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """As torchvision's own, the position embedding resampled to the grid of the photo."""
        from timm.layers import resample_abs_pos_embed

        encoder = self.module.encoder
        patches = self.module.conv_proj(pixels)  # (photos, dim, rows, cols)
        position = resample_abs_pos_embed(encoder.pos_embedding, list(patches.shape[-2:]))
        cls = self.module.class_token.expand(len(pixels), -1, -1)
        tokens = torch.cat([cls, patches.flatten(2).mT], 1) + position
        output: torch.Tensor = self.module.heads(encoder.ln(encoder.layers(tokens))[:, 0])
        return output


def _preprocessing(size: int) -> Preprocessing:
    """Of the default weights: trained at 224 px (V1), or fine-tuned above (SWAG, end to end)."""
    if size > 224:
        return Preprocessing(size, crop_pct=1.0)
    return Preprocessing(size, interpolation="bilinear")
