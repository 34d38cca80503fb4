"""Where the patches and the CLS tokens are in a sequence of tokens."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import torch
from heedmap.errors import ModelError
from heedmap.models.families.sharing import sharing
from torch import nn


@dataclass(frozen=True)
class Order:
    """The order of a sequence: some tokens, then the patches row by row, then some more tokens.

    Attributes:
        prefix: tokens before the patches.
        suffix: tokens behind the patches.
        cls: how many of them are CLS tokens, side by side.
        last: whether these are the last of the sequence, not the first.
    """

    prefix: int = 0
    suffix: int = 0
    cls: int = 0
    last: bool = False

    @property
    def more(self) -> int:
        """Tokens before the patches that are not CLS tokens."""
        return self.prefix - (0 if self.last else self.cls)

    @property
    def others(self) -> int:
        """Tokens that are no patches."""
        return self.prefix + self.suffix

    def tokens(self, patches: int) -> int:
        """Tokens of the whole sequence."""
        return self.others + patches

    def readers(self, patches: int) -> slice:
        """The CLS tokens of the sequence."""
        end = self.tokens(patches) if self.last else self.cls
        return slice(end - self.cls, end)


def layers_of_tower(tower: Any) -> Any:
    """The layers of a tower of Transformers, None where there are none."""
    count = int(tower.config.num_hidden_layers)
    parts = (part for part in tower.modules() if isinstance(part, nn.ModuleList))
    return next((part for part in parts if len(part) == count > 0), None)


class _SeenError(Exception):
    """Raised to end a pass at the first layer."""


def measured(tower: Any, size: int, patch: int, cls: dict[str, int]) -> Order:
    """The order of a tower of Transformers, from what moves in the input of its first layer.

    The pixels of four patches are changed, one at a time, and each has to move one token and no
    other; then the CLS tokens themselves. No more than the embedding runs, with the module's own
    weights.

    Args:
        tower: takes `pixel_values` of this size; stays as it was.
        size: side of the photo, px.
        patch: side of a patch, px.
        cls: {name of the weight: how many CLS tokens it holds}.

    Raises:
        ModelError: a patch moves no token, several, or not the one in its place.
    """
    try:
        order = _patches(tower, size, patch)
        for name, count in cls.items():
            first = _moved_by(tower, name, size)[0]
            last = first > order.prefix
            if first != (order.tokens((size // patch) ** 2) - count if last else 0):
                raise _unverified(tower)
            order = Order(order.prefix, order.suffix, count, last)
    except Exception as error:  # any error of a model that we do not know
        raise _unverified(tower) from error
    return order


def _patches(tower: Any, size: int, patch: int) -> Order:
    side = size // patch
    count = side * side
    places = sorted({0, 1, side, count - 1})
    weight = next(tower.parameters())
    pixels = torch.rand(1, 3, size, size, device=weight.device, dtype=weight.dtype)
    pixels = pixels.repeat(len(places) + 1, 1, 1, 1)  # the last stays as it is
    for index, place in enumerate(places):
        top, left = place // side * patch, place % side * patch
        pixels[index, :, top : top + patch, left : left + patch] *= -2
    tokens = _first_layer(sharing(tower), pixels)
    moved = [_moved(each, tokens[-1]) for each in tokens[:-1]]
    prefix = moved[0][0]
    if moved != [[prefix + place] for place in places]:
        raise _unverified(tower)
    return Order(prefix, tokens.shape[1] - prefix - count)


def _moved_by(tower: Any, name: str, size: int) -> list[int]:
    """The tokens that move with a weight."""
    weight = tower.get_parameter(name)
    pixels = torch.rand(1, 3, size, size, device=weight.device, dtype=weight.dtype)
    other = sharing(tower)
    parent, _, own = name.rpartition(".")
    with torch.no_grad():
        changed = nn.Parameter(weight + torch.randn_like(weight), requires_grad=False)
    other.get_submodule(parent)._parameters[own] = changed
    tokens = _first_layer(sharing(tower), pixels), _first_layer(other, pixels)
    return _moved(tokens[0][0], tokens[1][0])


def _moved(tokens: torch.Tensor, others: torch.Tensor) -> list[int]:
    """Places of the tokens (tokens, dim) that differ by more than rounding."""
    change = (tokens - others).abs().amax(-1).float()
    return ((change > 0) & (change > 0.01 * change.max())).nonzero().flatten().tolist()


def _first_layer(tower: Any, pixels: torch.Tensor) -> torch.Tensor:
    """(batch, tokens, dim), what the first layer is given; the tower, a copy, keeps the hook."""
    kept: list[torch.Tensor] = []

    def keep(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        kept.extend(each for each in (*args, *kwargs.values()) if _is_sequence(each))
        raise _SeenError

    layers = layers_of_tower(tower)
    assert layers is not None  # else it would be no tower
    layers[0]._forward_pre_hooks = OrderedDict()
    layers[0]._forward_pre_hooks_with_kwargs = OrderedDict()
    layers[0].register_forward_pre_hook(keep, with_kwargs=True)
    try:
        with torch.no_grad():
            tower(pixel_values=pixels)
    except _SeenError:
        pass
    return kept[0]


def _is_sequence(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.ndim == 3 and value.is_floating_point()


def _unverified(tower: Any) -> ModelError:
    return ModelError(
        "Where the patches are among the tokens of {name} could not be verified, so its maps "
        "might be wrong: choose another model.",
        name=type(tower).__name__,
    )
