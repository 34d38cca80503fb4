"""Keep what is needed to form each layer's attention once more, a block of queries at a time.

A whole attention (heads, N, N) of all layers takes gigabytes. Query, key and value take megabytes,
and give every block of it again; with the gradient of a score by what the layer gives out they
also give the gradient by the attention: dy/dA = dy/dO V', since O = A V.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.nn.functional as F
from heedmap.viz.capture.multi_head import over_tokens, projected, projected_value
from heedmap.viz.capture.scores import BLOCK_BYTES, Call, Scores, _shared
from heedmap.viz.capture.watch import OverTokens

Block = tuple[slice, torch.Tensor, torch.Tensor]  # queries, A and dy/dA: (heads, some, N)


@dataclass(frozen=True)
class Fused:
    """A layer whose attention was never formed.

    Attributes:
        scores: what its softmax is taken of, apart from the graph.
        value: (heads, N, e), apart from the graph.
        node: (1, heads, Q, e), what it gave out, in the graph.
    """

    scores: Scores
    value: torch.Tensor
    node: torch.Tensor

    def blocks(
        self, gradient: torch.Tensor | None = None, read: torch.Tensor | None = None
    ) -> Iterator[Block]:
        """Attention, and its gradient where that of `node` is given, else nothing.

        Args:
            gradient: dy/dO, as `node`.
            read: (Q,) bool, which queries count: blocks without any are left out.
        """
        heads, queries = self.scores.query.shape[:2]
        block = max(1, BLOCK_BYTES // (4 * heads * self.scores.key.shape[1]))
        for start in range(0, queries, block):
            some = slice(start, min(start + block, queries))
            if read is not None and not read[some].any():
                continue
            attention = self.scores.rows(some.start, some.stop).softmax(-1)
            change = attention[..., :0]
            if gradient is not None:
                change = gradient[0, :, some].float() @ self.value.float().mT
            yield some, attention, change


@dataclass(frozen=True)
class Formed:
    """A layer that formed its attention itself: `node` (1, heads, Q, N), in the graph."""

    node: torch.Tensor

    def blocks(
        self, gradient: torch.Tensor | None = None, read: torch.Tensor | None = None
    ) -> Iterator[Block]:
        """As `Fused.blocks`, in one block."""
        attention = self.node.detach()[0].float()
        change = attention[..., :0] if gradient is None else gradient[0].float()
        yield slice(0, attention.shape[1]), attention, change


Kept = Fused | Formed


@dataclass
class Keeping(OverTokens):
    """Keeps every attention over all tokens, and that of a pooling head.

    Attributes:
        kept: the layers, in the order of the calls.
        pools: attention of one query to all tokens or all patches.
    """

    kept: list[Kept] = field(default_factory=list)
    pools: list[Kept] = field(default_factory=list)

    def fused(self, call: Call) -> torch.Tensor | None:
        kind = self._kind(call.query.shape, call.key.shape[-2])
        if not kind:
            return None
        apart = replace(
            call,
            query=call.query.detach(),
            key=call.key.detach(),
            attn_mask=None if call.attn_mask is None else call.attn_mask.detach(),
        )
        node = F.scaled_dot_product_attention(**vars(call))
        value = _shared(call.value.detach()[0], call.query.shape[1], 0)
        return self._add(kind, Fused(Scores.of(apart), value, node))

    def formed(self, attention: torch.Tensor) -> None:
        kind = self._kind(attention.shape, attention.shape[-1])
        if kind:
            self._add(kind, Formed(attention))

    def multi_head(self, call: dict[str, Any]) -> torch.Tensor | None:
        """Its attention is computed where no call is seen, so it is computed here in its place."""
        if not over_tokens(call):
            return None
        query, key, mask = projected(call)
        node = self.fused(Call(query, key, projected_value(call), mask))
        if node is None:
            return None
        mixed = node.permute(2, 0, 1, 3).flatten(2).view_as(call["query"])  # (Q, batch, dim)
        return F.linear(mixed, call["out_proj_weight"], call["out_proj_bias"])

    @property
    def calls(self) -> int:
        """How many calls were seen in all."""
        return len(self.kept) + len(self.pools) + len(self.others)

    def _add(self, kind: str, kept: Kept) -> torch.Tensor:
        if torch.is_grad_enabled() and not kept.node.requires_grad:
            kept.node.requires_grad_()  # the graph begins at the first attention
        (self.kept if kind == "layers" else self.pools).append(kept)
        return kept.node
