"""Where to look first: planted heads, and entropies worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError

RNG = np.random.default_rng(2)
ROWS, COLS = 12, 18


def even() -> np.ndarray:
    return RNG.uniform(0.9, 1.1, (ROWS, COLS)).astype(np.float32)


def blob(row: int, col: int, weight: float = 30) -> np.ndarray:
    """Even, with four by five patches that stand out together."""
    heat = even()
    heat[row : row + 4, col : col + 5] *= weight
    return heat


def test_entropy_by_hand() -> None:
    heat = np.zeros((2, 2, 4))
    heat[0, 0, 1] = 7
    heat[1, :, :2] = 0.3
    assert viz.entropy(heat) == pytest.approx([0, math.log(4) / math.log(8)])
    assert viz.entropy(np.ones((3, 5))) == pytest.approx(1)
    assert viz.entropy(np.zeros((3, 5))) == pytest.approx(1)
    assert viz.entropy([[2.0]]) == 0
    with pytest.raises(SettingError, match="negative"):
        viz.entropy([[1, -1.0]])


def test_a_planted_head_is_found() -> None:
    layers = [np.stack([even() for _ in range(3)]) for _ in range(4)]
    layers[2][1] = blob(4, 6)
    assert viz.clearest(layers) == (2, 1)


def test_heads_that_dwell_on_the_grid_are_passed_over() -> None:
    corner, spot, rim = even(), even(), even()
    corner[0, 0] = 1e4  # an outlier, hidden
    spot[5:7, 8] = 100  # two patches that hide each other
    rim[:, -2:] = 50
    planted = blob(4, 6, 10)
    layers = [np.stack([corner, spot, rim]), np.stack([even(), planted, even()])]
    assert viz.entropy(spot) < viz.entropy(planted)
    assert viz.entropy(rim) < viz.entropy(planted)
    assert viz.clearest(layers) == (1, 1)


def test_where_all_dwell_on_the_grid_the_most_concentrated_is_taken() -> None:
    weak, strong = even(), even()
    weak[:, -2:], strong[:, -2:] = 20, 50
    assert viz.clearest([np.stack([weak, strong])]) == (0, 1)
    assert viz.clearest([np.zeros((2, 3, 3))]) is None
    assert viz.clearest([np.ones((1, 1, 1))]) == (0, 0)
