"""timm's LeViT."""

from __future__ import annotations

from typing import Any

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.family import BOTH
from heedmap.models.families.order import Order
from heedmap.models.families.preprocessing import of_timm
from heedmap.models.families.window import Window
from torch import nn


class LeViT:
    """timm's LeViT (Graham et al. 2021): a stem of convolutions, then stages of halving grids.

    Each layer attends over all of its own grid, which is a window of that size. Its biases are made
    for photos of one size. The layers between the stages, whose queries are a quarter of their
    keys, are not shown.
    """

    can: Can = BOTH
    kinds: tuple[str, ...] = ("windows",)
    order = Order()

    def __init__(self, module: Any) -> None:
        layers = [block.attn for stage in module.stages for block in _blocks(stage)]
        self.module = module
        self.patch = int(module.feature_info[-1]["reduction"])
        self.depth, self.heads = len(layers), int(layers[0].num_heads)
        self._grids = [layer.resolution for layer in layers]
        side = int(module.stem.stride) * self._grids[0][0]
        self.preprocessing = of_timm(module, built_for=side)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return any(kind.__name__ == "Levit" for kind in type(module).__mro__)

    def forward(self, pixels: torch.Tensor) -> Any:
        return self.module(pixels)

    def windows(self, height: int, width: int) -> tuple[Window, ...]:
        """The grid of each layer, the same for every photo."""
        return tuple(Window(grid, grid) for grid in self._grids)


def _blocks(stage: Any) -> list[Any]:
    """The blocks of a stage that attend over all of its grid."""
    return [part for part in stage.blocks if hasattr(part, "attn")]
