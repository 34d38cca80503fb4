"""A second adapter over the same weights, through which gradients can be taken."""

from __future__ import annotations

import copy
from typing import Any

import torch
from heedmap.models import families
from heedmap.models.adapter.adapter import Adapter
from torch import nn


class Twin(Adapter):
    """An adapter whose passes keep what gradients need; the module it was made from stays as it is.

    Its module is a copy of the tree that shares the memory of every weight and buffer, asks for
    the gradient of none, and is in evaluation mode. Hooks set on it are not set on the original,
    so it needs no lock.
    """

    def _run(self, pixels: torch.Tensor, fit: str = "whole") -> torch.Tensor | None:
        with torch.enable_grad():
            return families.vector(self._forward(fit)(pixels.to(self.device, self.dtype)))


def twin(adapter: Adapter) -> Twin:
    """A twin of an adapter, made anew."""
    family, module = copy.deepcopy((adapter._family, adapter.module), _shared(adapter.module))
    other = Twin.__new__(Twin)
    other.__dict__.update(adapter.__dict__, module=module.eval(), _family=family)
    return other


def _shared(module: nn.Module) -> dict[int, Any]:
    """What a deep copy takes in place of weights and buffers: the same memory, detached."""
    memo: dict[int, Any] = {
        id(weight): nn.Parameter(weight.detach(), requires_grad=False)
        for weight in module.parameters()
    }
    return memo | {id(buffer): buffer.detach() for buffer in module.buffers()}
