"""The shared figures, each against its definition on few values."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from training.measures import nearest_neighbours, recall_at


def test_the_nearest_neighbours_vote():
    bank = F.one_hot(torch.arange(4)).float() + 0.01
    known = torch.tensor([0, 1, 1, 2])
    queries = torch.tensor([[1.0, 0, 0, 0], [0, 0.62, 0.63, 0.65]])
    # the second is nearest to the one photo of label 2, and two of label 1 outvote it
    assert nearest_neighbours(bank, known, queries, k=3).tolist() == [0, 1]


def test_recall_counts_rows_that_find_their_own():
    alike = torch.tensor([[3.0, 2, 1], [3, 1, 2], [1, 2, 3]])
    assert recall_at(alike, 1) == pytest.approx(2 / 3)
    assert recall_at(alike, 2) == pytest.approx(2 / 3)
    assert recall_at(alike, 3) == 1
