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
from heedmap.viz.capture.scores import Call, Scores, _shared
from heedmap.viz.capture.watch import OverTokens

BLOCK_BYTES = 2 * 2**20  # of attention formed at a time: several such fit a core's caches


@dataclass(frozen=True)
class Fused:
    """A layer whose attention was never formed.

    Attributes:
        scores: what its softmax is taken of, apart from the graph.
        value: (heads, N, e), apart from the graph.
    """

    scores: Scores
    value: torch.Tensor

    def blocks(self, counts: torch.Tensor | None = None) -> Iterator[slice]:
        """The queries, some at a time; `counts` (Q,) bool: from the first that does to the last."""
        heads, queries = self.scores.query.shape[:2]
        begin, end = (0, queries) if counts is None else _span(counts)
        size = max(1, BLOCK_BYTES // (4 * heads * self.scores.keys))
        for start in range(begin, end, size):
            yield slice(start, min(start + size, end))

    def attention(self, some: slice) -> torch.Tensor:
        """Attention of some queries: (heads, some, N) float32."""
        scores = self.scores.rows(some.start, some.stop)
        return torch.softmax(scores, -1, out=scores)  # one block less in the cache

    def change(self, some: slice, gradient: torch.Tensor) -> torch.Tensor:
        """dy/dA of some queries, as `attention`, from dy/dO (1, heads, Q, e)."""
        return gradient[0, :, some].float() @ self.value.float().mT


@dataclass(frozen=True)
class Formed:
    """A layer that formed its attention itself: `weights` (1, heads, Q, N), apart from the graph.

    What `Fused` is given as dy/dO is here dy/dA, (1, heads, Q, N).
    """

    weights: torch.Tensor

    def blocks(self, counts: torch.Tensor | None = None) -> Iterator[slice]:
        """As `Fused.blocks`, in one block."""
        yield slice(*((0, self.weights.shape[2]) if counts is None else _span(counts)))

    def attention(self, some: slice) -> torch.Tensor:
        """As `Fused.attention`."""
        return self.weights[0, :, some].float()

    def change(self, some: slice, gradient: torch.Tensor) -> torch.Tensor:
        """As `Fused.change`."""
        return gradient[0, :, some].float()


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
        heads = call.query.shape[1]
        value = _shared(call.value, heads)
        call = replace(call, key=_shared(call.key, heads), value=value, enable_gqa=False)
        kept = Fused(Scores.of(detached(call)), value[0].detach())
        (self.kept if kind == "layers" else self.pools).append(kept)
        return self.give_out(kind, call, kept)

    def formed(self, attention: torch.Tensor) -> None:
        kind = self._kind(attention.shape, attention.shape[-1])
        if kind:
            kept = Formed(attention.detach())
            (self.kept if kind == "layers" else self.pools).append(kept)
            self.gave_out(kind, attention, kept)

    def give_out(self, kind: str, call: Call, kept: Fused) -> torch.Tensor:
        """The output of a fused call, (1, heads, Q, e)."""
        return F.scaled_dot_product_attention(**vars(call))

    def gave_out(self, kind: str, attention: torch.Tensor, kept: Formed) -> None:
        """After a layer has formed its attention."""

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


@dataclass
class Parting(Keeping):
    """Keeps attention, and lets the graph begin anew at what each gives out.

    Attributes:
        nodes: what each of `kept` gave out, (1, heads, Q, e); of a `Formed` its attention.
        pool_nodes: of each of `pools`.
    """

    nodes: list[torch.Tensor] = field(default_factory=list)
    pool_nodes: list[torch.Tensor] = field(default_factory=list)

    def give_out(self, kind: str, call: Call, kept: Fused) -> torch.Tensor:
        output = super().give_out(kind, detached(call), kept)
        return self._add(kind, output)

    def gave_out(self, kind: str, attention: torch.Tensor, kept: Formed) -> None:
        self._add(kind, attention)

    def _add(self, kind: str, node: torch.Tensor) -> torch.Tensor:
        if not node.requires_grad:
            node.requires_grad_()
        (self.nodes if kind == "layers" else self.pool_nodes).append(node)
        return node


def detached(call: Call) -> Call:
    """A call apart from the graph."""
    mask = None if call.attn_mask is None else call.attn_mask.detach()
    query, key, value = call.query.detach(), call.key.detach(), call.value.detach()
    return replace(call, query=query, key=key, value=value, attn_mask=mask)


def _span(counts: torch.Tensor) -> tuple[int, int]:
    """From the first that is true to behind the last."""
    places = counts.nonzero()[:, 0]
    return (int(places[0]), int(places[-1]) + 1) if len(places) else (0, 0)
