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
        rows, cols = torch.meshgrid(*(torch.arange(n) for n in grid), indexing="ij")
        self._rows, self._cols = rows.flatten().to(like), cols.flatten().to(like)
        self._prefix = prefix
        self._entropy, self._distance, self._count = like.new_zeros(3, heads)

    def add(
        self, start: int, scores: torch.Tensor, weights: torch.Tensor, share: torch.Tensor
    ) -> None:
        """Count the patches among some queries.

        Args:
            start: number of the first query in the sequence.
            scores: (heads, some, N) float32, finite, contiguous, before the softmax.
            weights: (heads, some, N) float32, contiguous, their exponentials; overwritten.
            share: (heads, some), the sum of these over the patches.
        """
        first, last = self._prefix, self._prefix + len(self._rows)
        heads, some = share.shape
        query = torch.arange(start, start + some, device=share.device)
        counts = (share > 0) & (query >= first) & (query < last)
        weights[..., :first], weights[..., last:] = 0, 0
        weights *= share.reciprocal().where(counts, 0).unsqueeze(-1)  # A
        pairs = zip(scores.view(heads, -1), weights.view(heads, -1), strict=True)
        products = torch.stack([torch.dot(*pair) for pair in pairs])
        self._entropy += share.log().where(counts, 0).sum(-1) - products
        far = self._distances(query, weights.shape[-1])
        self._distance += torch.mv(weights.view(heads, -1), far.flatten())
        self._count += counts.sum(-1)

    def means(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Entropy and distance in sides of a patch, each (heads,) float32; NaN without a query."""
        most = math.log(len(self._rows))
        entropy = self._entropy / self._count / most if most else self._count / self._count
        return entropy.clamp(0, 1).cpu(), (self._distance / self._count).cpu()

    def _distances(self, query: torch.Tensor, tokens: int) -> torch.Tensor:
        """From each query to each token: (some, tokens), 0 where one of them is no patch."""
        patch = (query - self._prefix).clamp(0, len(self._rows) - 1)
        far = self._rows.new_zeros(len(query), tokens)
        inner = far[:, self._prefix : self._prefix + len(self._rows)]
        torch.sub(self._rows[patch, None], self._rows, out=inner).square_()
        across = (self._cols[patch, None] - self._cols).square_()
        inner.add_(across).sqrt_()
        return far
