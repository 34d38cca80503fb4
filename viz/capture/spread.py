"""How widely patches attend, a head: entropy and mean distance, from blocks of queries."""

from __future__ import annotations

import math

import torch


class Spread:
    """Sums over the patch queries of one layer; a block of its attention comes at a time.

    Of each query's attention only the patches' share counts, scaled to sum to 1: A below.

    - Entropy: -sum A log A over log(patches), 0 (one patch) to 1 (all alike); the mean over patch
      queries (Zhai et al. 2023, "Stabilizing Transformer Training by Preventing Attention Entropy
      Collapse"). With scores s it is logsumexp(s) - sum A s, which takes no logarithm of A.
    - Distance: sum A |p - p'| between the centres of query and key; the mean over patch queries
      (Dosovitskiy et al. 2021, figure 7; Raghu et al. 2021).

    A query whose attention to the patches rounds to 0 counts for neither.
    """

    def __init__(self, heads: int, grid: tuple[int, int], prefix: int, like: torch.Tensor) -> None:
        self._grid, self._first, self._last = grid, prefix, prefix + grid[0] * grid[1]
        self._far = like.new_zeros(0)
        self._entropy, self._distance, self._count = like.new_zeros(3, heads)

    def add(
        self, start: int, scores: torch.Tensor, weights: torch.Tensor, share: torch.Tensor
    ) -> None:
        """Count the patches among some queries.

        Args:
            start: number of the first query in the sequence.
            scores: (heads, some, N) float32, finite, before the softmax; overwritten.
            weights: (heads, some, N) float32, their exponentials.
            share: (heads, some), the sum of these over the patches.
        """
        query = torch.arange(start, start + share.shape[1], device=share.device)
        counts = (share > 0) & (query >= self._first) & (query < self._last)
        whole = share.reciprocal().where(counts, 0)
        products = torch.mul(scores, weights, out=scores)[..., self._first : self._last].sum(-1)
        self._entropy += (share.log() - products * whole).where(counts, 0).sum(-1)
        far = torch.mul(weights, self._distances(query, weights.shape[-1]), out=scores).sum(-1)
        self._distance += (far * whole).sum(-1)
        self._count += counts.sum(-1)

    def means(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Entropy and distance in sides of a patch, each (heads,) float32; NaN without a query."""
        most = math.log(self._last - self._first)
        entropy = self._entropy / self._count / most if most else self._count / self._count
        return entropy.clamp(0, 1).cpu(), (self._distance / self._count).cpu()

    def _distances(self, query: torch.Tensor, tokens: int) -> torch.Tensor:
        """From each query to each token: (some, tokens), 0 to one that is no patch."""
        if self._far.shape != (len(query), tokens):
            self._far = self._far.new_zeros(len(query), tokens)
        rows, cols = self._grid
        patch = (query - self._first).clamp(0, rows * cols - 1)
        down = (patch.div(cols, rounding_mode="floor")[:, None] - _count(rows, query)).square()
        across = (patch.remainder(cols)[:, None] - _count(cols, query)).square()
        inner = self._far[:, self._first : self._last].view(-1, rows, cols)
        torch.add(down.to(inner)[..., None], across.to(inner)[:, None], out=inner).sqrt_()
        return self._far


def _count(most: int, like: torch.Tensor) -> torch.Tensor:
    return torch.arange(most, device=like.device)
