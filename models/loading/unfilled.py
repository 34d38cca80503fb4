"""Build a module without drawing the random numbers that its checkpoint overwrites."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

DRAWN: set[Callable[..., Any]] = {
    torch.Tensor.uniform_,
    torch.Tensor.normal_,
    torch.nn.init.uniform_,
    torch.nn.init.normal_,
    torch.nn.init.trunc_normal_,
    torch.nn.init.kaiming_uniform_,
    torch.nn.init.kaiming_normal_,
    torch.nn.init.xavier_uniform_,
    torch.nn.init.xavier_normal_,
}
# What a truncated normal distribution does to numbers once they are drawn.
SHAPED: set[Callable[..., Any]] = {
    torch.Tensor.erfinv_,
    torch.Tensor.mul_,
    torch.Tensor.add_,
    torch.Tensor.clamp_,
}


class Unfilled(TorchFunctionMode):
    """Within it, in this thread only, a tensor that asks for random numbers stays as it is.

    Most of the time that timm takes to build a large ViT goes into these numbers. Everything that
    is computed rather than drawn (zeros, rotary periods, window indices) is computed as always.
    """

    def __init__(self) -> None:
        super().__init__()
        self._empty: dict[int, torch.Tensor] = {}  # by id; held, so that no id is used again

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        target = args[0] if args else kwargs.get("tensor")
        if func in DRAWN and isinstance(target, torch.Tensor):
            self._empty[id(target)] = target
            return target
        if func in SHAPED and id(target) in self._empty:
            return target
        if getattr(func, "__name__", "").endswith("_"):
            self._empty.pop(id(target), None)  # something else fills it
        return func(*args, **kwargs)

    def left(self, module: torch.nn.Module) -> list[str]:
        """Names of the weights of a module that nothing has filled."""
        return [name for name, weight in module.named_parameters() if id(weight) in self._empty]
