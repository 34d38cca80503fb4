"""The part of a photo that a model saw."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError

from tests.viz.photo.photos import GREEN, photo


def test_a_region_is_cut_out_exactly() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    part = viz.region(picture, (10, 5, 30, 35), long_side=30)
    np.testing.assert_array_equal(part, picture[5:35, 10:30])
    whole = viz.region(picture, (0, 0, 60, 40), long_side=60)
    np.testing.assert_array_equal(whole, picture)
    whole[:] = 0
    assert picture.any()  # the caller's photo is not the region


@pytest.mark.parametrize(
    ("shape", "box", "long_side", "expected"),
    [
        ((1000, 2000), (0, 0, 2000, 1000), 1024, (512, 1024)),
        ((2000, 1000), (0, 0, 1000, 2000), 1024, (1024, 512)),
        ((128, 96), (0, 0, 96, 128), 1024, (1024, 768)),
        ((20, 10), (0, 0, 10, 20), 1024, (160, 80)),  # eightfold and no more
        ((300, 400), (50.5, 0, 350.5, 300), 600, (600, 600)),
        ((2, 2000), (0, 0, 2000, 2), 100, (1, 100)),
    ],
)
def test_the_size_of_a_region(shape, box, long_side, expected) -> None:
    picture = np.zeros((*shape, 3), np.uint8)
    assert viz.region(picture, box, long_side).shape == (*expected, 3)


def test_a_region_is_the_right_part() -> None:
    part = viz.region(photo(200, 300), (150, 0, 300, 100), 512)  # the green quarter
    assert (part == GREEN).all()


def test_regions_that_are_none() -> None:
    for box in [(0, 0, 33, 24), (-1, 0, 5, 5), (5, 5, 5, 9), (9, 0, 5, 9)]:
        with pytest.raises(SettingError, match="does not lie in the photo of 32 x 24 px"):
            viz.region(photo(), box)
    with pytest.raises(SettingError, match="long side of 0 px"):
        viz.region(photo(), (0, 0, 32, 24), 0)
    with pytest.raises(SettingError, match=r"\(24, 32\) uint8: open it with"):
        viz.region(photo()[..., 0], (0, 0, 32, 24))


@pytest.mark.parametrize("picture", [None, [1, 2], "cat.jpg", 3])
def test_photos_that_are_none(picture) -> None:
    with pytest.raises(SettingError, match=r"open it with viz\.open_image"):
        viz.region(picture, (0, 0, 1, 1))


@pytest.mark.parametrize("box", [None, 3, "abcd", (1, 2, 3), (0, 0, None, 1)])
def test_boxes_that_are_none(box) -> None:
    with pytest.raises(SettingError, match="is not four numbers: give"):
        viz.region(photo(), box)


@pytest.mark.parametrize("long_side", ["abc", None, 2.5])
def test_long_sides_that_are_none(long_side) -> None:
    with pytest.raises(SettingError, match="is not a number of px: give 1 or more"):
        viz.region(photo(), (0, 0, 32, 24), long_side)
