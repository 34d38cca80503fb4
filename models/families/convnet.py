"""Modules with convolutions."""

from __future__ import annotations

import inspect
from functools import cached_property
from typing import Any

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.layers import Layout, listed_features, map_layers
from heedmap.models.families.order import Order
from heedmap.models.families.preprocessing import of_timm, of_torchvision
from torch import nn


class ConvNet:
    """Any module with convolutions and no attention over patches that Heedmap knows."""

    can: Can = frozenset({"convolutions"})
    kinds: tuple[str, ...] = ()
    order = Order()
    depth, heads = 0, 0

    def __init__(self, module: Any) -> None:
        self.module = module
        torchvision = type(module).__module__.startswith("torchvision.")
        self.preprocessing = of_torchvision() if torchvision else of_timm(module)
        self.patch = self._total_stride()

    @staticmethod
    def matches(module: nn.Module) -> bool:
        taken = inspect.signature(module.forward).parameters
        first = next(iter(taken), "")
        foreign = hasattr(getattr(module, "config", None), "model_type") and first != "pixel_values"
        convolves = any(isinstance(part, nn.Conv2d) for part in module.modules())
        return convolves and not foreign

    @cached_property
    def layers(self) -> dict[str, Layout]:
        return map_layers(self.module, lambda bare, x: bare(x), self.preprocessing.size)

    def _total_stride(self) -> int:
        """timm says it, else it is that of the coarsest map."""
        known = [each["reduction"] for each in listed_features(self.module) if "reduction" in each]
        strides = known[-1:] or [each.stride for each in self.layers.values()]
        return int(max(strides, default=1))

    def forward(self, pixels: torch.Tensor) -> Any:
        return self.module(pixels)
