"""What an adapter needs to know of a module, whatever its family."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import torch
from heedmap.models.capabilities import Can
from heedmap.models.families.order import Order
from heedmap.models.families.window import Window
from heedmap.models.preprocessing import Preprocessing
from torch import nn

ATTENTION: Can = frozenset({"attention"})
BOTH: Can = ATTENTION | {"convolutions"}
TOKENS: tuple[str, ...] = ("cls", "tokens")  # the kinds of attention of a ViT with a CLS token


class Family(Protocol):
    """What an adapter needs to know of a module.

    Attributes:
        can: what can be seen of it; see `capabilities`. "logits" is added by the adapter.
        patch: side of a patch, px; for a ConvNet its total stride.
        order: where the patches and the CLS tokens are among its tokens.
        kinds: the attention that can be recorded of it, some of "cls", "pool", "tokens" and
            "windows", first the one that is shown at first; see `viz.Attention`.
        depth: layers of that attention.
        heads: attention heads a layer, of its first layer where they differ.
        preprocessing: what the module itself says of its input; its size is what it was built for.
    """

    can: Can
    patch: int
    order: Order
    kinds: tuple[str, ...]
    depth: int
    heads: int
    preprocessing: Preprocessing

    def __init__(self, module: nn.Module) -> None: ...

    @staticmethod
    def matches(module: nn.Module) -> bool:
        """Whether the module is of this family."""

    def forward(self, pixels: torch.Tensor) -> Any:
        """Run the module on (photos, 3, H', W') on its device and return its output as it is."""


@runtime_checkable
class Windowed(Protocol):
    """A family whose layers attend within windows."""

    def windows(self, height: int, width: int) -> tuple[Window, ...]:
        """Where each layer attends in a photo of this size, px, in the order of the calls."""


@runtime_checkable
class DINO(Protocol):
    """A family whose positions can be interpolated by DINO's formula."""

    @property
    def can_be_dino(self) -> bool:
        """Whether this module is built like DINO's."""

    def forward_as_dino(self, pixels: torch.Tensor) -> Any:
        """As `forward`, with such positions."""
