"""What is measured of heads, on maps made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap.viz.why.faithful import centred

from benchmarks import heads

INSIDE = np.zeros((4, 6), bool)
INSIDE[1:3, 1:4] = True


def test_a_perfect_head_ranks_every_patch_inside_above_every_other() -> None:
    found = heads.auroc(np.stack([INSIDE * 1.0, -1.0 * INSIDE, np.ones((4, 6))]), INSIDE)
    assert found.tolist() == [1, 0, 0.5]


def test_auroc_is_the_share_of_pairs_won_and_half_of_those_tied() -> None:
    maps = np.random.default_rng(0).integers(0, 5, (2, 3, 4, 6)).astype(float)
    for layer, head in np.ndindex(2, 3):
        own, others = maps[layer, head][INSIDE], maps[layer, head][~INSIDE]
        won = [(one > other) + 0.5 * (one == other) for one in own for other in others]
        assert heads.auroc(maps, INSIDE)[layer, head] == pytest.approx(np.mean(won))


def test_correlation_is_the_mean_over_pairs() -> None:
    ramp = np.arange(24.0).reshape(4, 6)
    assert heads.correlation(np.stack([ramp, 2 * ramp + 1, -ramp])) == pytest.approx(-1 / 3)


def test_an_even_map_has_all_of_the_entropy_and_a_single_patch_none() -> None:
    even, single, half = np.full((4, 6), 0.02), np.zeros((4, 6)), np.zeros((4, 6))
    single[2, 3], half[:2] = 0.7, 1
    assert heads.evenness(np.stack([even, single, half])) == pytest.approx(
        [1, 0, np.log(12) / np.log(24)]
    )


def test_the_best_head_of_a_layer_is_best_on_average_and_not_photo_by_photo() -> None:
    rng = np.random.default_rng(1)
    good, noise = INSIDE + 0.1 * rng.random((4, 6)), rng.random((3, 4, 6))
    fickle = [good, 1 - good]  # perfect on one photo, upside down on the other
    maps = [np.stack([[noise[i], fickle[i], good], noise]) for i in range(2)]
    first, second = heads.by_layer(maps, [INSIDE, INSIDE])
    assert (first.layer, first.head, first.auroc) == (0, 2, 1)
    each = [heads.auroc(noise, INSIDE)[head] for head in range(3)]
    assert (second.layer, second.auroc) == (1, pytest.approx(max(each)))
    assert second.correlation == pytest.approx(heads.correlation(noise))
    assert second.entropy == pytest.approx(heads.evenness(noise).mean())


def test_a_blob_is_greatest_in_the_middle_and_the_same_to_all_sides() -> None:
    blob = centred((3, 5))
    assert np.unravel_index(blob.argmax(), blob.shape) == (1, 2)
    assert blob[0, 2] == blob[2, 2] == blob[1, 1] == blob[1, 3] == -1


def test_a_patch_shows_an_object_that_fills_more_than_half_of_it() -> None:
    mask = np.zeros((30, 40), bool)  # patches of 10 x 10
    mask[:10, :10] = True  # all of one
    mask[10:20, 10:16] = True  # 60 %
    mask[20:30, 20:25] = True  # a half
    inside = heads.patches_inside(mask, (3, 4))
    assert np.argwhere(inside).tolist() == [[0, 0], [1, 1]]
