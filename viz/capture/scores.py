"""Attention from the arguments of a call, reduced as it is computed.

Softmax, means and sums are computed in float32, a block of queries or of windows at a time: a whole
(heads, N, N) is never materialised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from heedmap.viz.capture.spread import Spread

BLOCK_BYTES = 8 * 2**20  # of scores computed at a time: what fits a core's caches
LEAST = torch.finfo(torch.float32).min


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

    def within(self, start: int, stop: int) -> slice:
        """The patches among the queries from `start` to `stop`, counted from `start`."""
        return slice(max(self.patches.start - start, 0), max(self.patches.stop - start, 0))

    def sums(self, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Sums of weights (heads, some, N) over the patches and over all other keys."""
        first, last = self.patches.start, self.patches.stop
        rest = weights[..., :first].sum(-1) + weights[..., last:].sum(-1)
        return weights[..., first:last].sum(-1), rest

    def spread(self, weights: torch.Tensor) -> Spread | None:
        """An empty `Spread` for weights (heads, ...), None where it is not asked for."""
        if self.grid is None:
            return None
        return Spread(len(weights), self.grid, self.patches.start, weights.float()[:0])

    def layer(self, cls: torch.Tensor, received: torch.Tensor, spread: Spread | None) -> Layer:
        """What is kept, with the means of the spread."""
        entropy, distance = (None, None) if spread is None else spread.means()
        return Layer(cls, received, entropy, distance)


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
            part = self.mask[..., start:stop, :] if self.mask.shape[-2] > 1 else self.mask
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
        one = slice(head, head + 1)
        mask = None if self.mask is None else self.mask[one]
        return replace(self, query=self.query[one], key=self.key[one], mask=mask)

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
        tokens = self.key.shape[1]
        values = _shared(value, heads, 0).float().contiguous()
        output = values.new_empty(heads, queries, values.shape[-1])
        received = values.new_zeros(heads, 1, tokens)
        spread = reduced.spread(values)
        block = min(queries, max(32, BLOCK_BYTES // (4 * heads * tokens)))
        buffers = values.new_empty(1 if spread is None else 2, heads * block * tokens)
        for start in range(0, queries, block):
            stop = min(start + block, queries)
            some = (heads, stop - start, tokens)
            scores, *more = [buffer[: math.prod(some)].view(some) for buffer in buffers]
            weights = self._exponentials(start, stop, scores, *more)
            share, rest = reduced.sums(weights)
            whole = (share + rest).unsqueeze(-1)
            torch.bmm(weights, values, out=output[:, start:stop])
            output[:, start:stop] /= whole
            inside = reduced.within(start, stop)
            received.baddbmm_(whole[:, inside].reciprocal().mT, weights[:, inside])
            if spread is not None:
                spread.add(start, scores, weights, share)
        received /= reduced.patches.stop - reduced.patches.start
        return output, reduced.layer(self.mean_of(reduced.cls), received[:, 0], spread)

    def _exponentials(
        self, start: int, stop: int, scores: torch.Tensor, out: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Of the scores of some queries, less each one's greatest; in their place without `out`."""
        self.rows(start, stop, out=scores)
        scores -= scores.amax(-1, keepdim=True)
        if out is not None and (self.causal or self.mask is not None):
            scores.clamp_(min=LEAST)
        return torch.exp(scores, out=scores if out is None else out)


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
        spread = queries.spread(self.weights)
        if spread is not None:
            for start in range(0, self.weights.shape[1], 32):
                some = self.weights[:, start : start + 32]
                weights = some.to(torch.float32, copy=True).contiguous()
                scores, share = weights.log().clamp_(min=LEAST), queries.sums(weights)[0]
                spread.add(start, scores, weights, share)
        return queries.layer(cls, received, spread)


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


def _shared(key: torch.Tensor, heads: int, dim: int = 1) -> torch.Tensor:
    """Grouped-query attention: as many groups along `dim` as there are heads."""
    groups = key.shape[dim]
    return key if groups == heads else key.repeat_interleave(heads // groups, dim)
