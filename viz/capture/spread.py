"""How widely patches attend, a head: entropy and mean distance, from blocks of queries."""

from __future__ import annotations

import math

import torch

LEAST = torch.finfo(torch.float32).min  # instead of log 0, whose product with 0 is no number


class Spread:
    """Sums over the patch queries of one layer; a block of its attention comes at a time.

    Of each query's attention only the patches' share counts, scaled to sum to 1: A below.

    - Entropy: -sum A log A over log(patches), 0 (one patch) to 1 (all alike); the mean over patch
      queries (Zhai et al. 2023, "Stabilizing Transformer Training by Preventing Attention Entropy
      Collapse"). Weights w that sum to W give it as log W - sum w log w / W.
    - Distance: sum A |p - p'| between the centres of query and key; the mean over patch queries
      (Dosovitskiy et al. 2021, figure 7; Raghu et al. 2021).

    A query whose attention to the patches rounds to 0 counts for neither.
    """

    def __init__(self, grid: tuple[int, int], prefix: int, far: torch.Tensor) -> None:
        """`far` is 0, (heads, N) float32."""
        self._grid, self._patches = grid, slice(prefix, prefix + grid[0] * grid[1])
        self._far, self._logs = far, torch.zeros_like(far)
        self._distances = far.new_zeros(0)

    def add(self, block: tuple[slice, slice], weights: torch.Tensor, logs: torch.Tensor) -> None:
        """Keep what some queries attend to.

        Args:
            block: which heads, the first ones first, and which queries.
            weights: (heads, some, N) float32, attention of any scale; overwritten.
            logs: (heads, some, N) float32, their logarithms; overwritten.
        """
        if block[0].start == 0:  # other heads have the same distances
            self._measure(block[1], weights.shape[-1])
        products = logs.clamp_(min=LEAST).mul_(weights)
        self._logs[block] = products[..., self._patches].sum(-1)
        self._far[block] = weights.mul_(self._distances).sum(-1)

    def means(self, share: torch.Tensor) -> dict[str, torch.Tensor]:
        """Entropy and distance in sides of a patch, (heads,) float32 each; NaN without a query.

        Args:
            share: (heads, N), the sum of each query's weights over the patches.
        """
        sums = share, self._logs, self._far
        share, logs, far = (each[:, self._patches] for each in sums)
        whole = share.where(share > 0, torch.nan)
        most = math.log(share.shape[1])
        entropy = (whole.log() - logs / whole) / most if most else whole / whole
        found = {"entropy": entropy.nanmean(-1).clamp(0, 1), "distance": (far / whole).nanmean(-1)}
        return {name: mean.cpu() for name, mean in found.items()}

    def _measure(self, queries: slice, tokens: int) -> None:
        """From each query to each token: (some, tokens), 0 to one that is no patch."""
        query = torch.arange(queries.start, queries.stop, device=self._far.device)
        if self._distances.shape != (len(query), tokens):
            self._distances = self._far.new_zeros(len(query), tokens)
        rows, cols = self._grid
        patch = (query - self._patches.start).clamp(0, rows * cols - 1)
        down = (patch.div(cols, rounding_mode="floor")[:, None] - _count(rows, query)).square()
        across = (patch.remainder(cols)[:, None] - _count(cols, query)).square()
        inner = self._distances[:, self._patches].view(-1, rows, cols)
        torch.add(down.to(inner)[..., None], across.to(inner)[:, None], out=inner).sqrt_()


def _count(most: int, like: torch.Tensor) -> torch.Tensor:
    return torch.arange(most, device=like.device)
