"""timm's MaxViT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.family import BOTH
from heedmap.models.families.order import Order
from heedmap.models.families.preprocessing import of_timm
from heedmap.models.families.sharing import sharing
from heedmap.models.families.window import Window
from torch import nn


class MaxViT:
    """timm's MaxViT and MaxxViT: convolutions, then attention in windows and over a sparse grid.

    The windows grow with the photo, by the share of it that the model keeps (`partition_ratio`).
    """

    can: Can = BOTH
    kinds: tuple[str, ...] = ("windows",)
    order = Order()

    def __init__(self, module: Any) -> None:
        self.module = module
        self.patch = int(module.feature_info[-1]["reduction"])
        self.depth = len(self.windows(*module.img_size))
        self.heads = next(
            int(part.num_heads) for part in module.modules() if hasattr(part, "rel_pos")
        )
        self.preprocessing = of_timm(module)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        if not hasattr(module, "partition_ratio"):
            return False
        names = {type(part).__name__ for part in module.modules()}
        return "TransformerBlock2d" not in names and any("Partition" in name for name in names)

    def forward(self, pixels: torch.Tensor) -> Any:
        return self._at(*pixels.shape[-2:])(pixels)

    def windows(self, height: int, width: int) -> tuple[Window, ...]:
        """Where each layer attends in a photo of this size, px."""
        own = self.module
        share = None
        if tuple(own.img_size) != (height, width):  # as `set_input_size` divides the photo
            share = (height // own.partition_ratio, width // own.partition_ratio)
        strides = [info["reduction"] for info in own.feature_info[1:]]
        return tuple(
            Window((height // stride, width // stride), share or size, strided=strided)
            for stage, stride in zip(own.stages, strides, strict=True)
            for size, strided in _partitions(stage)
        )

    def _at(self, height: int, width: int) -> Any:
        if tuple(self.module.img_size) == (height, width):
            return self.module
        module = sharing(self.module)
        module.set_input_size((height, width))
        return module


def _partitions(stage: Any) -> Iterator[tuple[tuple[int, int], bool]]:
    """Size of the windows of each attention of a stage, and whether they are spread as a grid."""
    for part in stage.modules():
        if hasattr(part, "partition_block"):
            yield tuple(part.partition_size), not part.partition_block
        elif hasattr(part, "partition_size"):  # both at once, side by side
            yield tuple(part.partition_size), False
            yield tuple(part.partition_size), True
