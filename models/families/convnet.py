"""Modules with convolutions."""

from __future__ import annotations

import inspect
from functools import cached_property
from typing import Any

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.layers import Layout, map_layers
from heedmap.models.families.preprocessing import of_timm, of_torchvision
from heedmap.models.families.transformers_vit import vector
from torch import nn


class ConvNet:
    """Any module with convolutions and no attention over patches."""

    can: Can = frozenset({"convolutions"})
    kinds: tuple[str, ...] = ()
    prefix, has_cls, depth, heads = 0, False, 0, 0

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
        return map_layers(self.module, lambda bare, pixels: bare(pixels))

    def _total_stride(self) -> int:
        """timm says it, else it is that of the coarsest map."""
        stages = getattr(self.module, "feature_info", None) or [{}]
        known = stages[-1].get("reduction")
        return int(known or max((each.stride for each in self.layers.values()), default=1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        output = self.module(pixels)
        return output if isinstance(output, torch.Tensor) else vector(self.module, output)
