"""Run only what comes after the layers: from tokens to what the model returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from heedmap.errors import CaptureError
from heedmap.models.families.order import layers_of_tower
from torch import nn

if TYPE_CHECKING:
    from heedmap.models import Adapter


class Given(nn.Module):
    """Stands in for a layer and gives out `tokens` in place of what it is given."""

    def __init__(self, tokens: torch.Tensor, like: Any) -> None:
        super().__init__()
        self.tokens, self.like = tokens, like

    def forward(self, *_: Any, **__: Any) -> Any:
        return _put(self.like, self.tokens)


@dataclass(frozen=True)
class Passed:
    """One call of a layer: what it was given and what it gave out."""

    layer: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: Any

    @property
    def tokens(self) -> torch.Tensor:
        """The tokens (1, N, dim) that it was given."""
        found: torch.Tensor = self.args[0] if self.args else self.kwargs["hidden_states"]
        return found

    def again(self, tokens: torch.Tensor) -> torch.Tensor:
        """What the layer makes of other tokens (n, some, dim), called in the same way."""
        if self.args:
            return tokens_in(self.layer(tokens, *self.args[1:], **self.kwargs))
        return tokens_in(self.layer(**{**self.kwargs, "hidden_states": tokens}))


@contextmanager
def kept_calls(layers: Iterable[nn.Module]) -> Iterator[list[Passed]]:
    """The calls of layers while the block runs."""
    calls: list[Passed] = []
    handles = [
        layer.register_forward_hook(lambda *call: calls.append(Passed(*call)), with_kwargs=True)
        for layer in layers
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def layers_of(adapter: Adapter) -> nn.ModuleList | nn.Sequential:
    """The layers of a ViT, in order.

    Raises:
        CaptureError: they are not one plain list.
    """
    found = plain_layers(adapter)
    if found is None:
        raise CaptureError(
            "The layers of {title} are not one plain list, so they cannot be read one by one: "
            "choose another model.",
            title=adapter.title,
        )
    return found


def plain_layers(adapter: Adapter) -> nn.ModuleList | nn.Sequential | None:
    """The layers of a ViT, in order; None where they are not one plain list."""
    module: Any = adapter._family.module if hasattr(adapter._family, "module") else adapter.module
    found = getattr(module, "blocks", None)
    if found is None and hasattr(module, "config"):
        found = layers_of_tower(module)
    plain = isinstance(found, nn.ModuleList | nn.Sequential) and len(found) == adapter.depth
    return found if plain else None


@contextmanager
def only_head(layers: nn.ModuleList | nn.Sequential, output: Any) -> Iterator[None]:
    """While the block runs, the layers give out `output` without running."""
    kept = dict(layers._modules)
    layers._modules.clear()
    layers.add_module("0", Given(tokens_in(output), output))
    try:
        yield
    finally:
        layers._modules.clear()
        layers._modules.update(kept)


def tokens_in(output: Any) -> torch.Tensor:
    """The tokens (1, N, dim) in what a layer gives out."""
    found: torch.Tensor = output if isinstance(output, torch.Tensor) else output[0]
    return found


def put_tokens(output: Any, tokens: torch.Tensor) -> Any:
    """What a layer gave out, with other tokens."""
    return _put(output, tokens)


def _put(like: Any, tokens: torch.Tensor) -> Any:
    return tokens if isinstance(like, torch.Tensor) else (tokens, *like[1:])
