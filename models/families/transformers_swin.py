"""Transformers' Swin."""

from __future__ import annotations

from typing import Any

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.family import BOTH
from heedmap.models.families.order import Order
from heedmap.models.families.preprocessing import side
from heedmap.models.families.sharing import sharing
from heedmap.models.families.transformers_vit import called
from heedmap.models.families.window import Window
from heedmap.models.preprocessing import Preprocessing
from torch import nn


class TransformersSwin:
    """Swin of Transformers, alone or under a classifier: shifted windows of one size.

    A grid smaller than a window it cannot take; one as large as a window is not shifted.
    """

    can: Can = BOTH
    kinds: tuple[str, ...] = ("windows",)
    order = Order()

    def __init__(self, module: Any) -> None:
        config = module.config
        self.module = module if hasattr(module, "classifier") else getattr(module, "swin", module)
        self.stages = getattr(module, "swin", module).encoder.layers
        self.side = int(config.window_size)
        self.stride = side(config.patch_size)
        self.patch = self.stride * 2 ** (len(self.stages) - 1)
        self.depth, self.heads = sum(config.depths), int(config.num_heads[0])
        self.preprocessing = Preprocessing(side(config.image_size), crop_pct=1.0)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        encoder = getattr(getattr(module, "swin", module), "encoder", None)
        model_type = getattr(getattr(module, "config", None), "model_type", None)
        return model_type == "swin" and hasattr(encoder, "layers")

    def forward(self, pixels: torch.Tensor) -> Any:
        """Its layers set their own windows as they run, so every photo has layers of its own."""
        return called(sharing(self.module), pixels)

    def windows(self, height: int, width: int) -> tuple[Window, ...]:
        """Where each layer attends in a photo of this size, px."""
        found = []
        for index, stage in enumerate(self.stages):
            stride = self.stride * 2**index
            grid = (height // stride, width // stride)
            for block in stage.blocks:
                shift = int(block.shift_size) if min(grid) > self.side else 0
                size = (self.side, self.side)
                found.append(Window(grid, size, (shift, shift), padded_first=True))
        return tuple(found)
