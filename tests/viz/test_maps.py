"""Maps against plain loops: masks, means, shares, outliers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError

RNG = np.random.default_rng(7)


def looped_mask(values: list[float], keep: float) -> list[bool]:
    """DINO's rule, patch by patch: ascending, cumulated share of the mass, over 1 - keep."""
    mass = math.fsum(values)
    kept = [False] * len(values)
    if mass == 0:
        return kept
    cumulated = 0.0
    for index in sorted(range(len(values)), key=lambda i: values[i]):
        cumulated += values[index] / mass
        kept[index] = cumulated > 1 - keep
    return kept


def peaked(rows: int, cols: int) -> np.ndarray:
    heat = np.full((rows, cols), 1e-6, np.float32)
    heat[1, 2] = 0.9
    return heat


MAPS = {
    "random": RNG.random((14, 14), dtype=np.float32),
    "portrait": RNG.random((9, 4), dtype=np.float32) ** 8,
    "landscape": RNG.exponential(size=(3, 11)).astype(np.float32),
    "tied": RNG.integers(0, 3, (8, 8)).astype(np.float32) / 64,
    "constant": np.full((4, 8), 1 / 32, np.float32),
    "zero": np.zeros((5, 6), np.float32),
    "half zero": np.float32(np.arange(30).reshape(5, 6).clip(15) - 15),
    "peaked": peaked(6, 7),
    "one patch": np.float32([[0.25]]),
    "half precision": RNG.random((7, 7)).astype(np.float16),
}


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("keep", [0.01, 0.25, 0.5, 0.6, 0.9, 0.999, 1.0])
def test_threshold_mask_against_a_loop(name, keep) -> None:
    heat = MAPS[name]
    mask = viz.threshold_mask(heat, keep)
    assert mask.dtype == np.bool_
    assert mask.shape == heat.shape
    assert mask.ravel().tolist() == looped_mask(heat.astype(float).ravel().tolist(), keep)


def test_threshold_mask_keeps_the_smallest_set() -> None:
    heat = RNG.random((10, 10))
    for keep in (0.1, 0.6, 0.95):
        mask = viz.threshold_mask(heat, keep)
        held, total = heat[mask].sum(), heat.sum()
        assert held >= keep * total - 1e-9
        assert held - heat[mask].min() < keep * total
        assert heat[mask].min() > heat[~mask].max()


def test_threshold_mask_works_on_stacks() -> None:
    stack = RNG.random((3, 4, 6, 5), dtype=np.float32)
    stack[1, 2] = 0
    mask = viz.threshold_mask(stack, 0.7)
    assert mask.shape == stack.shape
    for layer in range(3):
        for head in range(4):
            one = viz.threshold_mask(stack[layer, head], 0.7)
            np.testing.assert_array_equal(mask[layer, head], one)


def test_threshold_mask_at_its_ends() -> None:
    assert viz.threshold_mask(MAPS["random"], 1).all()
    assert viz.threshold_mask(MAPS["random"], 1e-20).sum() == 1
    assert viz.threshold_mask(MAPS["half zero"], 1).sum() == 14  # patches without mass add none
    assert not viz.threshold_mask(MAPS["zero"], 1).any()
    assert viz.threshold_mask(np.full((2, 2), 1e-45, np.float32), 1).all()


def test_area() -> None:
    mask = np.zeros((2, 4, 5), bool)
    mask[0, 1, :2] = True
    mask[1] = True
    covered = viz.area(mask)
    assert covered.dtype == np.float32
    np.testing.assert_allclose(covered, [0.1, 1.0])
    assert float(viz.area(mask[0])) == pytest.approx(0.1)
    assert f"{viz.area(mask[0]):.0%}" == "10%"


def test_head_mean() -> None:
    stack = RNG.random((3, 4, 6, 5), dtype=np.float32)
    mean = viz.head_mean(stack)
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, sum(stack[:, head] for head in range(4)) / 4, rtol=1e-6)
    np.testing.assert_array_equal(viz.head_mean(stack[0]), mean[0])


def test_strongest_patch() -> None:
    heat = np.full((3, 5), 0.01)
    heat[1, 4] = 0.86
    patch = viz.strongest_patch(heat)
    assert patch[:2] == (1, 4)
    assert (patch.row, patch.col) == (1, 4)
    assert patch.share == pytest.approx(0.86)
    assert viz.strongest_patch(2 * heat) == pytest.approx(patch)
    assert viz.strongest_patch(np.ones((3, 5)))[:2] == (0, 0)
    assert viz.strongest_patch(np.zeros((3, 5))) == (0, 0, 0.0)


def attention(rows: int, cols: int) -> np.ndarray:
    """What a sound head looks like: a soft object of several patches on a noisy ground."""
    r, c = np.mgrid[:rows, :cols]
    thing = np.exp(-(((r - rows / 2) / 2) ** 2) - ((c - cols / 3) / 2) ** 2)
    heat = np.exp(3.5 * thing + 0.3 * np.random.default_rng(7).standard_normal((rows, cols)))
    return heat / heat.sum()


def looped_outliers(heat: np.ndarray) -> np.ndarray:
    rows, cols = heat.shape
    middle = np.median(heat)
    sigma = 1.4826 * np.median(np.abs(heat - middle))
    found = np.zeros(heat.shape, bool)
    for r in range(rows):
        for c in range(cols):
            near = [
                heat[y, x]
                for y in range(max(r - 1, 0), min(r + 2, rows))
                for x in range(max(c - 1, 0), min(c + 2, cols))
                if (y, x) != (r, c)
            ]
            far = heat[r, c] > middle + 10 * sigma
            found[r, c] = far and heat[r, c] > 4 * np.median(near)
    return found


@pytest.mark.parametrize("shape", [(16, 16), (20, 9), (8, 24)])
def test_planted_outliers_are_found_and_nothing_else(shape) -> None:
    heat = attention(*shape)
    assert not viz.outliers(heat).any()
    planted = np.zeros(shape, bool)
    planted[0, 0] = planted[1, shape[1] - 1] = planted[shape[0] - 2, 2] = True
    planted[shape[0] - 2, 3] = True  # a pair
    heat[planted] = 60 * np.median(heat)
    np.testing.assert_array_equal(viz.outliers(heat), planted)


def test_outliers_against_a_loop() -> None:
    stack = RNG.exponential(size=(3, 2, 9, 7)) ** 3
    found = viz.outliers(stack)
    assert found.any()
    for index in np.ndindex(3, 2):
        np.testing.assert_array_equal(found[index], looped_outliers(stack[index]))


def test_maps_without_outliers() -> None:
    for heat in (MAPS["constant"], MAPS["zero"], MAPS["one patch"], np.ones((1, 9))):
        assert not viz.outliers(heat).any()
    alone = np.zeros((4, 4))
    alone[2, 1] = 1  # hiding it would leave nothing
    assert not viz.outliers(alone).any()


def test_outliers_on_a_flat_ground_and_in_a_single_row() -> None:
    heat = np.full((6, 6), 0.01)
    heat[4, 1] = 0.5
    assert np.argwhere(viz.outliers(heat)).tolist() == [[4, 1]]
    assert np.argwhere(viz.outliers(heat[4:5])).tolist() == [[0, 1]]


def test_hide_outliers_keeps_the_mass() -> None:
    stack = np.stack([attention(12, 10), attention(12, 10)])
    stack[0, 3, 7] = 2.0
    before = stack.copy()
    hidden, mask = viz.hide_outliers(stack)
    assert hidden.dtype == np.float32
    assert np.argwhere(mask).tolist() == [[0, 3, 7]]
    assert hidden[0, 3, 7] == 0
    np.testing.assert_allclose(hidden.sum((1, 2)), stack.sum((1, 2)), rtol=1e-6)
    rest = ~mask[0]
    np.testing.assert_allclose(
        hidden[0][rest] / stack[0][rest], stack[0].sum() / stack[0][rest].sum(), rtol=1e-6
    )
    np.testing.assert_allclose(hidden[1], stack[1], rtol=1e-6)
    np.testing.assert_array_equal(stack, before)


def test_hide_outliers_that_are_known() -> None:
    maps = np.array([[[1, 2], [3, 4]], [[0, 0], [0, 5]]], np.float32)
    mask = np.array([[False, False], [False, True]])
    hidden, found = viz.hide_outliers(maps, hidden=mask)
    assert np.allclose(hidden[0], np.array([[1, 2], [3, 0]]) * 10 / 6)
    assert np.array_equal(hidden[1], maps[1]), "they hold all of its mass"
    assert found.tolist() == [mask.tolist(), [[False] * 2] * 2]
    with pytest.raises(SettingError, match="do not fit"):
        viz.hide_outliers(maps, hidden=mask[:1])


def test_hide_outliers_of_maps_that_have_none() -> None:
    for name in ("zero", "constant", "one patch"):
        hidden, mask = viz.hide_outliers(MAPS[name])
        np.testing.assert_allclose(hidden, MAPS[name])
        assert not mask.any()


def test_maps_are_left_unchanged() -> None:
    for heat in MAPS.values():
        before = heat.copy()
        for work in (viz.threshold_mask, viz.hide_outliers, viz.outliers, viz.strongest_patch):
            work(heat)
        np.testing.assert_array_equal(heat, before)
