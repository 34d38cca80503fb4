"""Modules with convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from .preprocessing import of_timm
from .transformers_vit import vector


class ConvNet:
    """Any module with convolutions and no attention over patches."""

    pages: tuple[str, ...] = ("cnn",)
    kinds: tuple[str, ...] = ()
    prefix, has_cls, depth, heads = 0, False, 0, 0

    def __init__(self, module: Any) -> None:
        self.module = module
        stages = getattr(module, "feature_info", None) or [{}]
        self.patch = int(stages[-1].get("reduction", 1))
        self.preprocessing = of_timm(module)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return any(isinstance(part, nn.Conv2d) for part in module.modules())

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        output = self.module(pixels)
        return output if isinstance(output, torch.Tensor) else vector(self.module, output)


def conv_layers(module: nn.Module) -> tuple[str, ...]:
    """Names of the convolutions that make maps, in the order of the module.

    Left out are squeeze-and-excite gates and MLPs, written as convolutions over one cell.
    """
    return tuple(_convolutions(module, ""))


def _convolutions(module: nn.Module, prefix: str) -> Iterator[str]:
    for name, part in module.named_children():
        if isinstance(part, nn.Conv2d):
            yield prefix + name
        elif not type(part).__name__.startswith(("Squeeze", "ConvMlp")):
            yield from _convolutions(part, f"{prefix}{name}.")
