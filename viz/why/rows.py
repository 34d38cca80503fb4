"""Methods that follow attention from the last layer to the first, one row at a time.

A product of all layers' (N, N) is only ever read in the row of CLS, so a row (N,) is taken through
the layers, the last one first, and no (N, N) is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from heedmap.viz.why.keep import Kept


def rollout(row: torch.Tensor, layers: Sequence[Kept]) -> torch.Tensor:
    """The row of A'_last ... A'_first with A' = 0.5 A + 0.5 I, A the mean over heads.

    Abnar & Zuidema 2020, arXiv 2005.00928, section 3. A row that sums to 1 still does.

    Args:
        row: (N,) float32, which tokens are asked for.
        layers: from the first to the last.
    """
    for layer in reversed(layers):
        some = layer.blocks(row != 0)
        row = 0.5 * row + 0.5 * sum(read_by(row[each], layer.attention(each)) for each in some)
    return row


def readers(gradient: torch.Tensor) -> torch.Tensor:
    """The tokens that a score is read from, alike and 1 in all: (N,) float32.

    Behind the last attention each token goes on by itself, so no other has a gradient there.

    Args:
        gradient: of the score by what the last attention gives out, (1, heads, N, any).
    """
    counts = gradient[0].any(-1).any(0).float()
    return counts / counts.sum().clamp_min(1)


def read_by(row: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """row (some,) times the mean over heads of weights (heads, some, N): (N,)."""
    return (row.repeat(len(weights)) / len(weights)) @ weights.flatten(0, 1)


@dataclass
class Relevance:
    """The row of R, where R <- R + A' R from I and A' is the mean over heads of (dy/dA * A)+.

    Chefer, Gur & Wolf 2021, arXiv 2103.15679, eq. 5 and 6.

    Attributes:
        row: (N,) float32, how far it has come; to begin with what the score is read from.
    """

    row: torch.Tensor | None = None

    def layer(self, gradient: torch.Tensor) -> Callable[[slice, torch.Tensor], None]:
        """Go on to a layer, which has this dy/dO: what is returned takes its blocks of A * dy/dA,
        each (heads, some, N)."""
        before = readers(gradient) if self.row is None else self.row
        self.row = row = before.clone()

        def add(some: slice, product: torch.Tensor) -> None:
            row.add_(read_by(before[some], product.clamp_min(0)))

        return add


def received(layer: Kept, gradient: torch.Tensor) -> torch.Tensor:
    """Mean over heads and queries of (ds/dA)+: (N,) float32.

    Bousselham et al. 2024, arXiv 2404.03214, section 3.

    Args:
        layer: whose attention is meant.
        gradient: ds/dO of it, as `Kept.change` takes it.
    """
    heads, queries = gradient.shape[1:3]
    changes = (layer.change(some, gradient) for some in layer.blocks())
    total: torch.Tensor = sum(change.clamp_min(0).sum((0, 1)) for change in changes)  # type: ignore[assignment]
    return total / (heads * queries)
