"""Attention from the arguments of a call, reduced as it is computed.

Softmax, means and sums are computed in float32, a block of queries or of windows at a time: a whole
(heads, N, N) is never materialised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import torch
from heedmap.viz.capture.spread import Spread

BLOCK_BYTES = 2 * 2**20  # computed with at a time: what fits a core's second cache
BLOCK_ROWS = 256  # queries of a head in such a block


@dataclass
class Call:
    """The arguments of `scaled_dot_product_attention`, in its order.

    Attributes:
        query: (batch, heads, Q, d).
        key: (batch, heads or groups, N, d).
        value: (batch, heads or groups, N, e).
        attn_mask: broadcastable to (batch, heads, Q, N): bool, True is attended to, or float, added
            to the scores.
    """

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    attn_mask: torch.Tensor | None = None
    dropout_p: float = 0.0
    is_causal: bool = False
    scale: float | None = None
    enable_gqa: bool = False

    def part(self, some: slice) -> Call:
        """The same call for some of the batch."""
        mask = self.attn_mask
        if mask is not None and mask.ndim == 4 and len(mask) > 1:
            mask = mask[some]  # each has its own
        query, key, value = self.query[some], self.key[some], self.value[some]
        return replace(self, query=query, key=key, value=value, attn_mask=mask)


@dataclass
class Layer:
    """What is kept of one layer's attention over all tokens, float32.

    Attributes:
        cls: (heads, N), the row of the CLS token, the mean of the rows where there are several.
        received: (heads, N), the mean over all patch queries; None if not asked for.
        entropy: (heads,), see `Spread`; None if not asked for.
        distance: (heads,) in sides of a patch, see `Spread`; None if not asked for.
    """

    cls: torch.Tensor
    received: torch.Tensor | None
    entropy: torch.Tensor | None = None
    distance: torch.Tensor | None = None


@dataclass(frozen=True)
class Queries:
    """Which queries of a sequence are reduced.

    Attributes:
        cls: the CLS tokens; the first token where there are none.
        patches: the patches.
        grid: (rows, cols) of the patches, where their `Spread` is asked for.
    """

    cls: slice
    patches: slice
    grid: tuple[int, int] | None = None

    def within(self, some: slice) -> slice:
        """The patches among some queries, counted from the first of these."""
        first, last = self.patches.start - some.start, self.patches.stop - some.start
        return slice(max(first, 0), max(last, 0))

    def sums(self, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Sums of weights (heads, some, N) over the patches and over all other keys."""
        first, last = self.patches.start, self.patches.stop
        rest = weights[..., :first].sum(-1) + weights[..., last:].sum(-1)
        return weights[..., first:last].sum(-1), rest

    def spread(self, tokens: torch.Tensor) -> Spread | None:
        """An empty `Spread` for (heads, N, ...), None where it is not asked for."""
        if self.grid is None:
            return None
        return Spread(self.grid, self.patches.start, tokens.new_zeros(tokens.shape[:2]).float())


@dataclass
class Scores:
    """The scores of one attention call, before the softmax, computed when asked for.

    Batches are folded into the heads: windows are as independent of each other as heads are.

    Attributes:
        query: (heads, Q, d).
        key: (heads, N, d) float32; grouped keys are repeated for the heads that share them.
        scale: factor of the products.
        mask: as `Call.attn_mask`, broadcastable to (heads, Q, N), or None.
        causal: whether a query attends only to the keys up to its own position.
    """

    query: torch.Tensor
    key: torch.Tensor
    scale: float
    mask: torch.Tensor | None
    causal: bool

    @classmethod
    def of(cls, call: Call) -> Scores:
        """The scores that a call computes."""
        batch, heads = call.query.shape[:2]
        mask = call.attn_mask
        if mask is not None:
            mask = mask.expand(batch, heads, *mask.shape[-2:]).flatten(0, 1)
        key = _shared(call.key, heads).flatten(0, 1).float()
        scale = call.query.shape[-1] ** -0.5 if call.scale is None else call.scale
        return cls(call.query.flatten(0, 1), key, scale, mask, call.is_causal)

    def rows(self, start: int, stop: int, out: torch.Tensor | None = None) -> torch.Tensor:
        """Scores of the queries from `start` to `stop`: (heads, stop - start, N) float32."""
        scores = torch.bmm(self.query[:, start:stop].float() * self.scale, self.key.mT, out=out)
        if self.causal:
            query, key = (torch.arange(n, device=scores.device) for n in scores.shape[1:])
            scores.masked_fill_(key > query.unsqueeze(1) + start, -torch.inf)
        if self.mask is not None:
            part = self._mask(start, stop)
            if part.dtype == torch.bool:
                scores.masked_fill_(~part, -torch.inf)
            else:
                scores += part
        return scores

    @property
    def keys(self) -> int:
        """N."""
        return self.key.shape[1]

    def of_tokens(self, tokens: Sequence[int]) -> torch.Tensor:
        """Attention of these queries: (heads, len(tokens), N) float32."""
        return torch.cat([self.rows(token, token + 1) for token in tokens], 1).softmax(-1)

    def of_head(self, head: int) -> Scores:
        """The same scores of one head alone."""
        return self.of_heads(slice(head, head + 1))

    def of_heads(self, some: slice) -> Scores:
        """The same scores of some heads."""
        mask = None if self.mask is None else self.mask[some]
        return replace(self, query=self.query[some], key=self.key[some], mask=mask)

    def between(self, start: int, stop: int) -> torch.Tensor:
        """Attention of the queries from `start` to `stop`: (heads, stop - start, N) float32."""
        return self.rows(start, stop).softmax(-1)

    def bias(self) -> torch.Tensor | None:
        """What is added to the scores, (1 or heads, 1 or Q, N) float32; None where nothing is."""
        queries, keys = self.query.shape[1], self.keys
        bias = torch.zeros(1, 1, keys, device=self.key.device)
        if self.mask is not None:
            mask = self.mask if self.mask.stride(0) else self.mask[:1]  # the same for all heads
            boolean = mask.dtype == torch.bool
            bias = bias.masked_fill(~mask, -torch.inf) if boolean else mask.float()
        if self.causal:
            later = torch.ones(queries, keys, dtype=torch.bool, device=bias.device).triu(1)
            bias = bias.masked_fill(later, -torch.inf)
        return bias if bias.any() else None

    def mean_of(self, queries: slice) -> torch.Tensor:
        """Mean attention of these queries: (heads, N) float32."""
        return self.between(queries.start, queries.stop).mean(1)

    def layer(self, queries: Queries, mean: bool) -> Layer:
        """The reduction alone, with `Layer.received` if `mean` is set."""
        if mean:
            return self.attend(self.key[..., :0], queries)[1]  # values of width 0: no output
        return Layer(self.mean_of(queries.cls), None)

    def attend(self, value: torch.Tensor, reduced: Queries) -> tuple[torch.Tensor, Layer]:
        """The attention's output (heads, N, d) and its reduction from the same blocks of queries.

        A block of scores has to be computed for the mean, so it gives the output too and the fused
        kernel need not run. All blocks share one buffer.

        Args:
            value: (heads or groups, N, d).
            reduced: the queries whose attention is kept.
        """
        heads, queries = self.query.shape[:2]
        spread = reduced.spread(self.key)
        values = _shared(value, heads, 0).float()
        output = values.new_empty(heads, queries, values.shape[-1])
        share, rest = values.new_zeros(2, heads, queries)
        received = values.new_zeros(heads, 1, self.keys)
        empty = values.new_empty(1 if spread is None else 2, 0, self.keys)
        for block, buffers in _blocks(heads, queries, empty):
            scores, weights = buffers[0], buffers[-1]
            inside = reduced.within(block[1])
            self.of_heads(block[0])._exponentials(block[1], scores, weights)
            share[block], rest[block] = reduced.sums(weights)
            torch.bmm(weights, values[block[0]], out=output[block])
            scale = (share[block] + rest[block])[:, None, inside].reciprocal()
            received[block[0]].baddbmm_(scale, weights[:, inside])
            if spread is not None:
                spread.add(block, weights, scores)
        received /= reduced.patches.stop - reduced.patches.start
        layer = Layer(self.mean_of(reduced.cls), received[:, 0])
        if spread is not None:
            layer = replace(layer, **spread.means(share))
        return output.div_((share + rest).unsqueeze(-1)), layer

    def _exponentials(self, queries: slice, scores: torch.Tensor, weights: torch.Tensor) -> None:
        """Scores of some queries less each one's greatest, and their exponentials.

        Both (heads, some, N), written into; they may be one.
        """
        self.rows(queries.start, queries.stop, out=scores)
        torch.exp(scores.sub_(scores.amax(-1, keepdim=True)), out=weights)

    def _mask(self, start: int, stop: int) -> torch.Tensor:
        assert self.mask is not None
        return self.mask[..., start:stop, :] if self.mask.shape[-2] > 1 else self.mask


@dataclass
class Formed:
    """Attention weights (heads, Q, N) that the model computed itself, of any dtype."""

    weights: torch.Tensor

    @property
    def keys(self) -> int:
        """N."""
        return self.weights.shape[-1]

    def of_tokens(self, tokens: Sequence[int]) -> torch.Tensor:
        """Attention of these queries: (heads, len(tokens), N) float32."""
        return self.weights[:, list(tokens)].float()

    def of_head(self, head: int) -> Formed:
        """The same attention of one head alone."""
        return Formed(self.weights[head : head + 1])

    def between(self, start: int, stop: int) -> torch.Tensor:
        """Attention of the queries from `start` to `stop`: (heads, stop - start, N) float32."""
        return self.weights[:, start:stop].float()

    def layer(self, queries: Queries, mean: bool) -> Layer:
        """The reduction, with `Layer.received` if `mean` is set."""
        cls = self.weights[:, queries.cls].mean(1, dtype=torch.float32)
        if not mean:
            return Layer(cls, None)
        received = self.weights[:, queries.patches].mean(1, dtype=torch.float32)
        layer, spread = Layer(cls, received), queries.spread(self.weights)
        if spread is None:
            return layer
        heads, rows = self.weights.shape[:2]
        share = received.new_zeros(heads, rows)
        for block, (logs, weights) in _blocks(heads, rows, received.new_empty(2, 0, self.keys)):
            weights.copy_(self.weights[block])
            share[block] = queries.sums(weights)[0]
            spread.add(block, weights, torch.log(weights, out=logs))
        return replace(layer, **spread.means(share))


def received_in_windows(
    weights: Callable[[slice], torch.Tensor], heads: int, real: torch.Tensor
) -> torch.Tensor:
    """What each token receives from the tokens of its window, a mean over all of the layer.

    Args:
        weights: a slice of the windows -> their attention (some, heads, n, n) float32.
        heads: how many heads a window has.
        real: (windows, n), 0 for padding, whose queries do not count.

    Returns:
        (windows, heads, n) float32 on the CPU; sums to 1, less what goes to padding.
    """
    count, n = real.shape
    block = max(1, BLOCK_BYTES // (4 * heads * n * n))
    rows = []
    for start in range(0, count, block):
        attention = weights(slice(start, start + block))
        queries = real[start : start + block, None, None].to(attention.device)  # (some, 1, 1, n)
        rows.append((queries @ attention)[:, :, 0].cpu())
    return torch.cat(rows) / real.sum()


def _blocks(
    heads: int, queries: int, like: torch.Tensor
) -> Iterator[tuple[tuple[slice, slice], torch.Tensor]]:
    """Some heads and some of their queries, and where to compute with them.

    Few heads rather than few queries, since products of matrices want many rows. The first heads
    come first; all share the buffers (n, heads, some, N), as many and as wide as `like` (n, 0, N).
    """
    n, _, keys = like.shape
    room = BLOCK_BYTES / (4 * n * keys)  # queries, of all heads together
    rows = _even(queries, max(32, min(BLOCK_ROWS, room)))
    some = _even(heads, room / rows)
    buffers = like.new_empty(n, some * rows * keys)
    for start, head in product(range(0, queries, rows), range(0, heads, some)):
        block = slice(head, min(head + some, heads)), slice(start, min(start + rows, queries))
        shape = *(each.stop - each.start for each in block), keys
        yield block, buffers[:, : math.prod(shape)].view(n, *shape)


def _even(whole: int, part: float) -> int:
    """The size of even parts of a whole, near `part` and at least 1."""
    return math.ceil(whole / max(1, min(whole, round(whole / part))))


def _shared(key: torch.Tensor, heads: int, dim: int = 1) -> torch.Tensor:
    """Grouped-query attention: as many groups along `dim` as there are heads."""
    groups = key.shape[dim]
    return key if groups == heads else key.repeat_interleave(heads // groups, dim)
