"""Two maps against each other: planted patterns, and oracles written out by hand or SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError
from scipy import stats

RNG = np.random.default_rng(5)


def looped(heat: np.ndarray, rows: int, cols: int, times: int) -> np.ndarray:
    """The mean over each new cell, counted on a grid so fine that every edge falls on one."""
    fine = heat.repeat(rows * times, axis=0).repeat(cols * times, axis=1)
    new = np.empty((rows, cols))
    high, wide = fine.shape[0] // rows, fine.shape[1] // cols
    for row in range(rows):
        for col in range(cols):
            cell = fine[row * high : (row + 1) * high, col * wide : (col + 1) * wide]
            new[row, col] = cell.mean()
    return new


@pytest.mark.parametrize("grid", [(3, 5), (6, 4), (7, 9), (1, 1), (12, 2)])
def test_another_grid_holds_the_means_by_area(grid: tuple[int, int]) -> None:
    heat = RNG.random((6, 4), dtype=np.float32)
    new = viz.regrid(heat, grid)
    assert new.dtype == np.float32
    np.testing.assert_allclose(new, looped(heat, *grid, times=1), rtol=1e-6)
    assert new.mean() == pytest.approx(heat.mean(), rel=1e-6)  # the mass is kept


def test_a_part_of_a_map() -> None:
    heat = np.arange(24.0).reshape(4, 6)
    np.testing.assert_array_equal(viz.regrid(heat, (2, 3), (0.5, 0.25, 1, 0.75)), heat[1:3, 3:])
    # Half of column 0 and all of column 1: (0.5 * 0 + 1) / 1.5 along the first row.
    assert viz.regrid(heat[:1], (1, 1), (0.5 / 6, 0, 2 / 6, 1))[0, 0] == pytest.approx(2 / 3)


@pytest.mark.parametrize("grid", [(9, 15), (7, 11), (4, 13)])
def test_a_constant_map_stays_constant_and_ties_stay_ties(grid: tuple[int, int]) -> None:
    assert np.ptp(viz.regrid(np.full((3, 5), 0.1, np.float32), grid)) == 0
    finer = viz.regrid(RNG.random((3, 5)), (9, 15))
    assert len(np.unique(finer)) == 15


def test_unlike_grids_meet_on_the_finer_of_each_axis() -> None:
    wide, high = RNG.random((2, 8)), RNG.random((6, 4))
    common = viz.common_grid(wide, high)
    assert common.first.shape == common.second.shape == (6, 8)
    np.testing.assert_allclose(common.first, wide.repeat(3, axis=0), rtol=1e-6)
    np.testing.assert_allclose(common.second, high.repeat(2, axis=1), rtol=1e-6)
    assert common.box == (0, 0, 1, 1)


def test_a_crop_and_the_whole_photo_are_compared_where_both_are() -> None:
    """A portrait of 80 x 120 px, whole at 12 x 8, and its middle square at 4 x 4."""
    whole = RNG.random((12, 8))
    crop = whole[2:10].reshape(4, 2, 4, 2).mean((1, 3))  # what a model of large patches would show
    common = viz.common_grid(whole, crop, ((0, 0, 80, 120), (0, 20, 80, 100)))
    assert common.box == (0, 20, 80, 100)
    np.testing.assert_allclose(common.first, whole[2:10], rtol=1e-6)
    np.testing.assert_allclose(common.second, crop.repeat(2, axis=0).repeat(2, axis=1), rtol=1e-6)


def test_shares_per_area_do_not_depend_on_the_grid() -> None:
    heat = RNG.random((4, 6))
    shares = viz.per_area(heat)
    assert shares.mean() == pytest.approx(1, rel=1e-6)
    finer = viz.per_area(heat.repeat(3, axis=0).repeat(3, axis=1))
    np.testing.assert_allclose(finer[::3, ::3], shares, rtol=1e-6)
    np.testing.assert_array_equal(viz.per_area(np.full((3, 2), 0.7)), 1)
    np.testing.assert_array_equal(viz.per_area(np.zeros((3, 2))), 0)


def test_a_difference_says_where_which_map_has_more() -> None:
    first, second = np.ones((2, 2)), np.array([[4.0, 0], [0, 0]])
    np.testing.assert_array_equal(viz.difference(first, second), [[-3, 1], [1, 1]])
    np.testing.assert_array_equal(viz.difference(5 * second, second), 0)  # mass does not matter


def test_ranks_against_scipy_with_ties() -> None:
    for values in (RNG.random((2, 5, 7)), RNG.integers(0, 4, (2, 5, 7)).astype(float)):
        found = viz.rank_correlation(*values)
        assert found == pytest.approx(stats.spearmanr(values[0].ravel(), values[1].ravel())[0])


def test_orders_by_hand() -> None:
    rising = np.arange(6.0).reshape(2, 3)
    assert viz.rank_correlation(rising, np.exp(rising)) == pytest.approx(1)
    assert viz.rank_correlation(rising, -rising) == pytest.approx(-1)
    # Ranks 1 2 3 4 and 1.5 1.5 3 4: covariance 4.5, squares 5 and 4.5.
    tied = np.array([[0.0, 0], [1, 2]])
    expected = 4.5 / np.sqrt(5 * 4.5)
    assert viz.rank_correlation(np.arange(4.0).reshape(2, 2), tied) == pytest.approx(expected)
    assert viz.rank_correlation(rising, np.ones((2, 3))) is None


def test_overlap_of_planted_masks() -> None:
    first, second = np.zeros((4, 5)), np.zeros((4, 5))
    first[0, :4] = 1  # four patches of equal mass: a mask of all of it keeps four
    second[0, 2:] = second[1, 0] = 1
    found = viz.mask_overlap(first, second, keep=1)
    assert found.share == pytest.approx(2 / 6)
    assert found.chance == pytest.approx(4 / (2 * 20 - 4))  # k / (2N - k)
    assert viz.mask_overlap(first, first).share == 1
    assert viz.mask_overlap(np.zeros((2, 2)), np.zeros((2, 2))) == (0, 0)


def test_the_chance_is_what_shuffled_maps_share() -> None:
    first, second = RNG.exponential(size=(30, 30)), RNG.exponential(size=(30, 30)) ** 3
    shuffled = [RNG.permutation(first.ravel()).reshape(30, 30) for _ in range(40)]
    shares = [viz.mask_overlap(each, second).share for each in shuffled]
    assert np.mean(shares) == pytest.approx(viz.mask_overlap(first, second).chance, abs=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: viz.regrid(np.ones((2, 2)), (0, 3)),
        lambda: viz.regrid(np.ones((2, 2)), (2, 2), (0, 0, 1.2, 1)),
        lambda: viz.regrid(np.ones((2, 2)), (2, 2), (0.5, 0, 0.5, 1)),
        lambda: viz.common_grid(np.ones((2, 2)), np.ones((2, 2)), ((0, 0, 1, 1), (2, 0, 3, 1))),
        lambda: viz.common_grid(np.ones((2, 2)), np.ones((2, 2)), ((0, 0, 1), (0, 0, 1, 1))),
        lambda: viz.per_area(np.array([[1.0, -1]])),
        lambda: viz.difference(np.ones((2, 2)), np.ones((2, 3))),
        lambda: viz.rank_correlation(np.ones((2, 2)), np.ones((4, 1))),
        lambda: viz.mask_overlap(np.ones((2, 2)), np.ones((2, 2)), keep=0),
    ],
)
def test_wrong_calls_are_one_sentence(wrong) -> None:
    with pytest.raises(SettingError) as caught:
        wrong()
    assert ": " in str(caught.value)
    assert "\n" not in str(caught.value)
