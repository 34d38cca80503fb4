"""Numbers a head, against counts by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError


@pytest.mark.parametrize("grid", [(3, 5), (1, 1), (7, 2)])
def test_uniform_distance_is_the_mean_over_all_pairs(grid: tuple[int, int]) -> None:
    places = list(itertools.product(range(grid[0]), range(grid[1])))
    mean = np.mean([math.dist(a, b) for a in places for b in places])
    assert viz.uniform_distance(grid, 16) == pytest.approx(16 * mean)


def record() -> viz.Attention:
    """Two layers of one head, 4 x 6 patches, a CLS token last and two registers before."""
    maps = np.full((2, 1, 4, 6), 0.01, np.float32)
    maps[1, 0, 2, 3] = 0.36
    others = np.array([[[0.1, 0.2, 0.46]], [[0.05, 0.06, 0.30]]], np.float32)
    return viz.Attention({"cls": maps}, (4, 6), others, slice(2, 3))


def test_shares_of_cls_sum_to_one_and_find_the_outlier() -> None:
    shares = viz.cls_shares(record())
    found = {name: [round(float(v), 4) for v in of[:, 0]] for name, of in shares.items()}
    assert found == {
        "cls": [0.46, 0.30],
        "registers": [0.3, 0.11],
        "outliers": [0, 0.36],
        "patches": [0.24, 0.23],
    }
    even = viz.uniform_shares(record())
    assert {name: [round(float(v) * 27, 4) for v in of[:, 0]] for name, of in even.items()} == {
        "cls": [1, 1], "registers": [2, 2], "outliers": [0, 1], "patches": [24, 23]
    }  # fmt: skip


def test_wrong_shares_are_one_sentence() -> None:
    with pytest.raises(SettingError, match=r"grid of \(2, 2\) do not fit one of \(4, 6\): find"):
        viz.cls_shares(record(), np.ones((2, 2), bool))
    no_cls = viz.Attention({"tokens": np.ones((1, 1, 2, 2), np.float32)}, (2, 2))
    with pytest.raises(SettingError, match="no CLS token: record a model"):
        viz.cls_shares(no_cls)


def test_overlap_counts_shared_patches() -> None:
    maps = np.zeros((2, 2, 4, 5))
    maps[0, 0, 0, :4] = [4, 3, 2, 1]  # the four strongest: (0, 0) to (0, 3)
    maps[0, 1, 0, 1:5] = 1  # three of them are the same
    maps[1, 0, 3, :4] = 1  # none is
    maps[1, 1] = 1  # all alike: the first in reading order
    found = viz.overlap(maps, 4)
    third = 3 / 5
    expected = [[1, third, 0, 1], [third, 1, 0, third], [0, 0, 1, 0], [1, third, 0, 1]]
    np.testing.assert_allclose(found.jaccard, expected, atol=1e-6)
    assert found.chance == pytest.approx(4 / 36)
    assert viz.overlap(maps).k == 2


def test_maps_without_relation_overlap_by_chance() -> None:
    found = viz.overlap(np.random.default_rng(0).random((60, 20, 20)), 80)
    off = found.jaccard[~np.eye(60, dtype=bool)]
    assert off.mean() == pytest.approx(found.chance, rel=0.02)


def test_a_wrong_overlap_is_one_sentence() -> None:
    with pytest.raises(SettingError, match="1 map has nothing to share: give two or more"):
        viz.overlap(np.ones((1, 4, 5)))
    with pytest.raises(SettingError, match="The 21 strongest patches of 20 cannot be taken"):
        viz.overlap(np.ones((2, 4, 5)), 21)
