"""Methods that follow attention from the last layer to the first, one row at a time.

A product of all layers' (N, N) is only ever read in the row of CLS, so a row (N,) is taken through
the layers, the last one first, and no (N, N) is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from heedmap.viz.why.keep import Kept

Weigh = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # (A, dy/dA) -> (heads, some, N)


def read_by(
    row: torch.Tensor, layer: Kept, weigh: Weigh, gradient: torch.Tensor | None
) -> torch.Tensor:
    """row (Q,) times the mean over heads of what `weigh` makes of a layer's attention: (N,)."""
    total = row.new_zeros(())
    for some, attention, change in layer.blocks(gradient, row != 0):
        weighed = weigh(attention, change)  # (heads, some, N)
        reads = row[some].repeat(len(weighed)) / len(weighed)
        total = total + reads @ weighed.flatten(0, 1)
    return total


def rollout(row: torch.Tensor, layers: Sequence[Kept]) -> torch.Tensor:
    """The row of A'_last ... A'_first with A' = 0.5 A + 0.5 I, A the mean over heads.

    Abnar & Zuidema 2020, arXiv 2005.00928, section 3. A row that sums to 1 still does.

    Args:
        row: (N,) float32, which tokens are asked for.
        layers: from the first to the last.
    """
    for layer in reversed(layers):
        row = 0.5 * row + 0.5 * read_by(row, layer, lambda attention, _: attention, None)
    return row


def relevance(
    row: torch.Tensor, layers: Sequence[Kept], gradients: Sequence[torch.Tensor]
) -> torch.Tensor:
    """The row of R, where R <- R + A' R from I and A' is the mean over heads of (dy/dA * A)+.

    Chefer, Gur & Wolf 2021, arXiv 2103.15679, eq. 5 and 6.

    Args:
        row: (N,) float32, which tokens are asked for.
        layers: from the first to the last.
        gradients: dy/dO of each, as `Kept.blocks` takes it.
    """
    for layer, gradient in zip(reversed(layers), reversed(gradients), strict=True):
        row = row + read_by(row, layer, positive, gradient)
    return row


def positive(attention: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    """(dy/dA * A)+."""
    return (attention * change).clamp_min_(0)


def received(layer: Kept, gradient: torch.Tensor) -> torch.Tensor:
    """Mean over heads and queries of (ds/dA)+: (N,) float32.

    Bousselham et al. 2024, arXiv 2404.03214, section 3.
    """
    total, queries = gradient.new_zeros((), dtype=torch.float32), 0
    for some, _, change in layer.blocks(gradient):
        total = total + change.clamp_min(0).mean(0).sum(0)
        queries = some.stop
    return total / queries
