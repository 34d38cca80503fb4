"""Read each layer's attention and its gradient while the gradient goes back through it.

The way back through an attention needs A and dy/dA, a block of queries at a time; so does the
relevance of that layer. Both take them from the same block, which is formed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from heedmap.viz.capture import giving_up
from heedmap.viz.capture.scores import Call
from heedmap.viz.why.keep import Formed, Fused, Keeping, Kept
from torch.autograd.function import once_differentiable

Add = Callable[[slice, torch.Tensor], None]  # queries, A * dy/dA (heads, some, N)
Read = Callable[[torch.Tensor], Add]  # dy/dO of a layer -> what takes its blocks


@dataclass
class Following(Keeping):
    """Keeps attention, and reads it once more when the gradient of a score comes back.

    Attributes:
        layer: called for each layer, the last one first.
        pool: called for a pooling head, before any layer.
        first: the layer in which the graph begins; those before it are not read.
        wanted: fails where the pass is given up, asked for each layer on the way back.
        begins: what that layer gave out, and those beside it: take the gradient of a score by it.
    """

    layer: Read = field(kw_only=True)
    pool: Read = field(kw_only=True)
    first: int = 0
    wanted: Callable[[], None] = field(default_factory=giving_up.check)
    begins: list[torch.Tensor] = field(default_factory=list)

    def give_out(self, kind: str, call: Call, kept: Fused) -> torch.Tensor:
        if not any(each.requires_grad for each in (call.query, call.key, call.value)):
            return self._begin(super().give_out(kind, call, kept), kept)
        output: torch.Tensor = _Attention.apply(
            call.query, call.key, call.value, call, kept, self._read(kind)
        )
        return output

    def gave_out(self, kind: str, attention: torch.Tensor, kept: Formed) -> None:
        if attention.requires_grad:
            _on_gradient(attention, partial(_see, kept, self._read(kind)))
        else:
            self._begin(attention, kept)

    def _begin(self, node: torch.Tensor, kept: Kept) -> torch.Tensor:
        if len(self.kept) > self.first:
            self.begins.append(node.requires_grad_())
            _on_gradient(node, partial(_see, kept, self._read("layers")))
        return node

    def _read(self, kind: str) -> Read:
        return partial(_if_wanted, self.wanted, self.layer if kind == "layers" else self.pool)


def _if_wanted(wanted: Callable[[], None], read: Read, gradient: torch.Tensor) -> Add:
    wanted()
    return read(gradient)


def _on_gradient(node: torch.Tensor, see: Callable[[torch.Tensor], None]) -> None:
    """Call `see` with the gradient of a score by `node`, when it comes."""
    node.register_hook(see)  # type: ignore[no-untyped-call]


def _see(kept: Kept, read: Read, gradient: torch.Tensor) -> None:
    """Read a layer, which passes the gradient on by itself."""
    add = read(gradient)
    for some in kept.blocks(_counts(gradient)):
        add(some, kept.attention(some) * kept.change(some, gradient))


class _Attention(torch.autograd.Function):
    """The fused kernel on the way there, blocks of A and dy/dA on the way back."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> torch.Tensor:
        *_, call, ctx.kept, ctx.read = given
        output = F.scaled_dot_product_attention(**vars(call))
        ctx.save_for_backward(output)
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        whole = (gradient * ctx.saved_tensors[0])[0].sum(-1, keepdim=True, dtype=torch.float32)
        found = _back(ctx.kept, gradient, whole, ctx.read(gradient))
        return (*(each[None].to(gradient.dtype) for each in found), None, None, None)


def _back(
    kept: Fused, gradient: torch.Tensor, whole: torch.Tensor, add: Add
) -> tuple[torch.Tensor, ...]:
    """dy/dQ (heads, Q, d), dy/dK (heads, N, d) and dy/dV (heads, N, e), float32, from dy/dO.

    With P = A * dy/dA, the softmax gives dy/dS = P - A * (the row sums of P), and the row sums are
    `whole` (heads, Q, 1), those of dy/dO * O, since O = A V.
    """
    query, key, scale = kept.scores.query.float(), kept.scores.key, kept.scores.scale
    by_query, by_key = torch.zeros_like(query), torch.zeros_like(key)
    by_value = torch.zeros_like(kept.value, dtype=torch.float32)
    for some in kept.blocks(_counts(gradient)):
        attention, change = kept.attention(some), kept.change(some, gradient)
        by_value.baddbmm_(attention.mT, gradient[0, :, some].float())
        change *= attention
        add(some, change)
        change.addcmul_(attention, whole[:, some], value=-1)
        by_query[:, some] = torch.bmm(change, key)
        by_key.baddbmm_(change.mT, query[:, some])
    return by_query.mul_(scale), by_key.mul_(scale), by_value


def _counts(gradient: torch.Tensor) -> torch.Tensor:
    """Which queries have a gradient, (Q,) bool."""
    return gradient[0].any(-1).any(0)
