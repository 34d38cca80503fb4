"""Where the tokens can be read between the blocks of a transformer: its residual stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import nn

NORMS = ("norm", "fc_norm", "ln", "layernorm", "post_layernorm")


@dataclass(frozen=True)
class Stream:
    """The blocks of a transformer, in order, and what stands behind them.

    Attributes:
        blocks: each puts out the tokens (1, N, dim) that the next one is given.
        norm: the final norm, which all tokens can be passed through, or None where there is none.
    """

    blocks: Sequence[nn.Module]
    norm: nn.Module | None


@runtime_checkable
class Streaming(Protocol):
    """A family of plain transformers: tokens go through blocks, all of one width."""

    @property
    def stream(self) -> Stream:
        """Blocks and final norm of this module."""


def stream(module: nn.Module, blocks: nn.Module) -> Stream:
    """The stream through `blocks`; its norm is the first of a known name behind them.

    That of a model which averages its patches comes behind the mean (`fc_norm`): it is the final
    norm all the same. A norm between the blocks or in a pooling head is none.
    """
    behind = False
    found = None
    for name, part in module.named_modules():
        if part is blocks:
            behind = True
        elif behind and found is None and name.rpartition(".")[2] in NORMS:
            inside = any(part is own for own in blocks.modules()) or "attn_pool" in name
            if not inside and not isinstance(part, nn.Identity):
                found = part
    return Stream(list(blocks.children()), found)
