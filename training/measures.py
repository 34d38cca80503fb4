"""The figures that trainings print and `benchmarks.bundled` reports, each computed in one place."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

NEIGHBOURS, TEMPERATURE = 20, 0.07  # DINO's k-NN vote


def nearest_neighbours(bank: Tensor, known: Tensor, queries: Tensor, k: int = NEIGHBOURS) -> Tensor:
    """Labels (q,) of queries (q, dim) by a weighted vote among the k nearest of bank (n, dim).

    `known` (n,) are the bank's labels. After Caron et al. 2021 (DINO), arXiv 2104.14294.
    """
    bank, queries = F.normalize(bank, dim=1), F.normalize(queries, dim=1)
    near, place = (queries @ bank.T).topk(k)  # (q, k)
    votes = torch.zeros(len(queries), int(known.max()) + 1, device=bank.device)
    votes.scatter_add_(1, known[place], (near / TEMPERATURE).exp())
    return votes.argmax(1)


def recall_at(alike: Tensor, k: int) -> float:
    """Share of the rows of (n, n) whose own column is among the k best."""
    own = torch.arange(len(alike), device=alike.device)[:, None]
    return (alike.topk(k, dim=1).indices == own).any(1).float().mean().item()
