"""What a network passes on of a layer: its output followed to the next activation function.

From the layer's output on, the tensor is followed in the order of the forward pass, through

- normalisation (batch, layer, group, instance), arithmetic (a residual is added, a gate or layer
  scale multiplied, a bias subtracted), max pooling, dropout, and another order of axes,
- to the next activation function (ReLU, SiLU, GELU, ...), whose output is what is passed on,
- or, where none comes first, to the next convolution, linear layer or the end of the pass: what
  goes into it is passed on, such as the normalised output of a linear bottleneck.

The last convolution of a residual block is thus shown with the residual, as the block returns it.
What is concatenated, reshaped or averaged is not followed. Sigmoid counts as arithmetic: it gates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

Keep = Callable[[str, torch.Tensor], None]  # a layer's name and its map (channels, rows, cols)

_ACTIVATIONS = frozenset(
    [
        "relu",
        "relu6",
        "silu",
        "gelu",
        "hardswish",
        "mish",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "prelu",
        "rrelu",
        "softplus",
        "softsign",
        "tanh",
        "hardtanh",
        "threshold",
        "logsigmoid",
    ]
)
_CARRY = frozenset(
    [
        "batch_norm",
        "layer_norm",
        "group_norm",
        "instance_norm",
        "local_response_norm",
        "rms_norm",
        "add",
        "iadd",
        "radd",
        "sub",
        "isub",
        "rsub",
        "mul",
        "imul",
        "rmul",
        "div",
        "truediv",
        "itruediv",
        "addcmul",
        "lerp",
        "sigmoid",
        "hardsigmoid",
        "max_pool2d",
        "dropout",
        "dropout2d",
        "feature_dropout",
        "contiguous",
        "clone",
        "to",
        "float",
        "half",
        "bfloat16",
        "type",
        "type_as",
    ]
)
_TURN = frozenset(["permute", "transpose", "swapaxes", "movedim", "moveaxis"])
_CONSUME = frozenset(
    [
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose2d",
        "linear",
        "matmul",
        "bmm",
        "einsum",
        "scaled_dot_product_attention",
        "multi_head_attention_forward",
    ]
)


@dataclass
class _Followed:
    """A tensor that some layer's output has become."""

    name: str
    axis: int  # of its channels
    channels: int
    value: torch.Tensor


@dataclass
class PassedOn(TorchFunctionMode):
    """Follows outputs through the calls of its thread and hands over what they become.

    Attributes:
        keep: called once for each layer, with a tensor that may be overwritten later.
    """

    keep: Keep
    _followed: dict[int, list[_Followed]] = field(default_factory=dict)  # id of a tensor -> layers

    def __post_init__(self) -> None:
        super().__init__()

    def follow(self, name: str, output: torch.Tensor, axis: int) -> None:
        """Follow a layer's output (1, ..) from here on; `axis` is that of its channels."""
        self._put(output, _Followed(name, axis, output.shape[axis], output))

    def finish(self) -> None:
        """Hand over what came to the end of the pass."""
        for each in [each for some in self._followed.values() for each in some]:
            self._hand_over(each, each.value)
        self._followed.clear()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        kind = getattr(func, "__name__", "").strip("_")
        taken = [*_tensors(args), *_tensors(tuple(kwargs.values()))] if self._followed else []
        if kind in _CONSUME:
            for each in self._take(taken):
                self._hand_over(each, each.value)
        output = func(*args, **kwargs)
        if isinstance(output, torch.Tensor) and kind in _ACTIVATIONS | _CARRY | _TURN:
            for each in self._take(taken):
                self._step(kind, each, output, args[1:], kwargs)
        return output

    def _step(
        self, kind: str, each: _Followed, output: torch.Tensor, how: tuple[Any, ...], named: Any
    ) -> None:
        """One call further."""
        before = each.value
        axis = _turned(kind, each.axis, before.ndim, how, named) if kind in _TURN else each.axis
        grown = output.numel() > before.numel()  # a gate that was spread over a map
        if grown or output.ndim != before.ndim or output.shape[axis] != each.channels:
            self._put(before, each)  # not the same channels any more
            return
        moved = _Followed(each.name, axis, each.channels, output)
        if kind in _ACTIVATIONS:
            self._hand_over(moved, output)
        else:
            self._put(output, moved)

    def _put(self, tensor: torch.Tensor, each: _Followed) -> None:
        self._followed.setdefault(id(tensor), []).append(each)  # `each` keeps it, and so its id

    def _take(self, tensors: list[torch.Tensor]) -> list[_Followed]:
        """The layers that these tensors are followed for, followed no longer."""
        return [each for tensor in tensors for each in self._followed.pop(id(tensor), [])]

    def _hand_over(self, each: _Followed, value: torch.Tensor) -> None:
        self.keep(each.name, value[0].movedim(each.axis - 1, 0))


def _tensors(values: tuple[Any, ...]) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value


def _turned(kind: str, axis: int, ndim: int, how: tuple[Any, ...], named: Any) -> int:
    """Where an axis goes, told by a tensor whose axes are as long as their place, turned alike."""
    places = torch.empty(tuple(range(ndim)), device="meta")
    turned = getattr(places, kind)(*how, **{k: v for k, v in named.items() if k != "input"})
    return tuple(turned.shape).index(axis)
