"""Run only what comes after the layers: from tokens to what the model returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from heedmap.errors import CaptureError
from torch import nn

if TYPE_CHECKING:
    from heedmap.models import Adapter


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


def layers_of(adapter: Adapter) -> Sequence[nn.Module]:
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


def plain_layers(adapter: Adapter) -> Sequence[nn.Module] | None:
    """The layers of a ViT, in order; None where they are not one plain list."""
    found = adapter.stream.blocks if adapter.stream else ()
    return found if len(found) == adapter.depth else None


@contextmanager
def only_head(layers: Sequence[nn.Module], output: Any) -> Iterator[None]:
    """While the block runs, each layer gives out `output` without running."""
    for layer in layers:
        layer.forward = lambda *_, **__: output
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward  # the class has it still


def tokens_in(output: Any) -> torch.Tensor:
    """The tokens (1, N, dim) in what a layer gives out."""
    found: torch.Tensor = output if isinstance(output, torch.Tensor) else output[0]
    return found


def put_tokens(output: Any, tokens: torch.Tensor) -> Any:
    """What a layer gave out, with other tokens."""
    return tokens if isinstance(output, torch.Tensor) else (tokens, *output[1:])
