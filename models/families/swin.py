"""timm's Swin Transformers."""

from __future__ import annotations

from typing import Any

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.family import BOTH
from heedmap.models.families.order import Order
from heedmap.models.families.preprocessing import of_timm
from heedmap.models.families.sharing import sharing
from heedmap.models.families.window import Window
from torch import nn


class Swin:
    """timm's Swin Transformer, V1 and V2: shifted windows, in stages of halving grids.

    On a photo of another size than the module's own the windows keep their size, as
    `set_input_size` of timm has it: a grid smaller than a window becomes one window.
    """

    can: Can = BOTH
    kinds: tuple[str, ...] = ("windows",)
    order = Order()

    def __init__(self, module: Any) -> None:
        self.module = module
        self.patch = int(module.feature_info[-1]["reduction"])
        self.depth = sum(len(stage.blocks) for stage in module.layers)
        self.heads = int(module.layers[0].blocks[0].attn.num_heads)
        self.preprocessing = of_timm(module)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return all(hasattr(module, name) for name in ("layers", "_ref_window_sizes"))

    def forward(self, pixels: torch.Tensor) -> Any:
        return self._at(*pixels.shape[-2:])(pixels)

    def windows(self, height: int, width: int) -> tuple[Window, ...]:
        """Where each layer attends in a photo of this size, px."""
        module = self._at(height, width)
        return tuple(
            Window(
                (height // stage["reduction"], width // stage["reduction"]),
                tuple(block.window_size),
                tuple(block.shift_size),
            )
            for stage, layer in zip(module.feature_info, module.layers, strict=True)
            for block in layer.blocks
        )

    def _at(self, height: int, width: int) -> Any:
        """The module for photos of this size; one that takes all sizes is left to itself."""
        own = self.module
        if own.dynamic_img_size or tuple(own.patch_embed.img_size) == (height, width):
            return own
        module = sharing(own)
        module.set_input_size((height, width), window_size=own._ref_window_sizes)
        return module
