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

    def __init__(self, heads: int, grid: tuple[int, int], device: torch.device) -> None:
        rows, cols = torch.meshgrid(*(torch.arange(n, device=device) for n in grid), indexing="ij")
        self._rows, self._cols = rows.flatten().float(), cols.flatten().float()
        self._entropy, self._distance, self._count = torch.zeros(3, heads, device=device)

    def add(self, start: int, scores: torch.Tensor, weights: torch.Tensor) -> None:
        """Count some queries.

        Args:
            start: number of the first among the patches.
            scores: (heads, some, patches) float32, finite, before the softmax; overwritten.
            weights: (heads, some, patches) float32, what the softmax over all tokens made of them.
        """
        share = weights.sum(-1)
        counts = share > 0
        share = share.clamp(min=torch.finfo(torch.float32).tiny)
        least = weights.new_tensor(torch.finfo(torch.float32).tiny)
        total = scores.amax(-1) - weights.amax(-1).maximum(least).log() + share.log()  # logsumexp
        entropy = total - scores.mul_(weights).sum(-1) / share
        distances = self._distances(start, weights.shape[1]).unsqueeze(-1)  # (some, patches, 1)
        ways = torch.bmm(weights.transpose(0, 1), distances)[..., 0].mT / share
        self._entropy += entropy.where(counts, 0).sum(-1)
        self._distance += ways.where(counts, 0).sum(-1)
        self._count += counts.sum(-1)

    def means(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Entropy and distance in sides of a patch, each (heads,) float32; NaN without a query."""
        most = math.log(len(self._rows))
        entropy = self._entropy / self._count / most if most else self._count / self._count
        return entropy.clamp(0, 1).cpu(), (self._distance / self._count).cpu()

    def _distances(self, start: int, some: int) -> torch.Tensor:
        down = self._rows[start : start + some, None] - self._rows
        across = self._cols[start : start + some, None] - self._cols
        return torch.hypot(down, across)
