"""A second adapter over the same weights, through which gradients can be taken."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

import torch
from heedmap.models import families
from heedmap.models.adapter.adapter import Adapter
from heedmap.models.adapter.language import TextAdapter
from torch import nn

T = TypeVar("T")


class Twin(Adapter):
    """An adapter whose passes keep what gradients need; the module it was made from stays as it is.

    Its module is a copy of the tree that shares the memory of every weight and buffer, asks for
    the gradient of none, and is in evaluation mode. Hooks set on it are not set on the original,
    so it needs no lock.
    """

    def _run(self, pixels: torch.Tensor, fit: str = "whole") -> torch.Tensor | None:
        with torch.enable_grad():
            return families.vector(self._forward(fit)(pixels.to(self.device, self.dtype)))


class TextTwin(TextAdapter):
    """The same of a language model."""

    _gradients: Any = staticmethod(torch.enable_grad)


def twin(adapter: Adapter) -> Twin:
    """A twin of an adapter, made anew."""
    return _over(adapter, Twin.__new__(Twin))


def text_twin(adapter: TextAdapter) -> TextTwin:
    """A twin of a language model, made anew."""
    return _over(adapter, TextTwin.__new__(TextTwin))


def _over(adapter: Adapter, other: T) -> T:
    """Another adapter over the weights of the first."""
    family, module = copy.deepcopy((adapter._family, adapter.module), _shared(adapter.module))
    other.__dict__.update(adapter.__dict__, module=module.eval(), _family=family)
    return other


def _shared(module: nn.Module) -> dict[int, Any]:
    """What a deep copy takes in place of weights and buffers: the same memory, detached."""
    memo: dict[int, Any] = {
        id(weight): nn.Parameter(weight.detach(), requires_grad=False)
        for weight in module.parameters()
    }
    return memo | {id(buffer): buffer.detach() for buffer in module.buffers()}
