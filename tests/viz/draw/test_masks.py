"""Masks, their outlines and labels, to the pixel."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import viz
from heedmap.viz.draw.interpolate import enlarge_mask

RNG = np.random.default_rng(3)


def base(height: int, width: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), np.uint8)


MASK = np.array([[True, False, False], [True, True, False], [False, False, True]])


def test_draw_mask() -> None:
    picture = viz.draw_mask(MASK, (30, 60))
    for row in range(3):
        for col in range(3):
            cell = picture[row * 10 : row * 10 + 10, col * 20 : col * 20 + 20]
            assert (cell == 255 * MASK[row, col]).all()
    np.testing.assert_array_equal(enlarge_mask(MASK, (30, 60)), picture[..., 0] == 255)


def test_highlight_dims_and_grays_the_outside() -> None:
    photo = base(30, 60)
    before = photo.copy()
    picture = viz.highlight(photo, MASK)
    inside = enlarge_mask(MASK, (30, 60))
    np.testing.assert_array_equal(picture[inside], photo[inside])
    outside = picture[~inside]
    assert (outside == outside[:, :1]).all()
    light = photo[~inside] @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(outside[:, 0], 0.35 * light, atol=0.51)
    np.testing.assert_array_equal(photo, before)


def test_a_contour_runs_along_the_borders_of_patches() -> None:
    photo = np.full((90, 90, 3), 200, np.uint8)
    picture = viz.contour(photo, MASK, color="#ff0000", width=3)
    line = (picture == (255, 0, 0)).all(axis=2)
    inside = enlarge_mask(MASK, (90, 90))
    assert not (line & ~inside).any()
    # Patch (0, 0) has its border on the right at x = 29; below, the mask goes on.
    assert line[15, 27:30].all()
    assert not line[15, 26]
    assert line[15, :3].all()  # and is closed along the picture's edge
    assert not line[31, 4:26].any()
    assert line[33:60, 57:60].all()
    # A dark line on both sides, and the photo beyond.
    assert (picture[15, 30] == 50).all()
    assert (picture[15, 26] == 50).all()
    assert (picture[15, 31] == 200).all()
    assert (picture[15, 25] == 200).all()
    assert (photo == 200).all()


def test_contours_of_nothing_and_of_everything() -> None:
    photo = base(40, 40)
    np.testing.assert_array_equal(viz.contour(photo, np.zeros((4, 4), bool)), photo)
    picture = viz.contour(photo, np.ones((4, 4), bool), "white", 2)
    assert (picture[:2] == 255).all()
    np.testing.assert_array_equal(picture[3:-3, 3:-3], photo[3:-3, 3:-3])


@pytest.mark.parametrize("corner", ["top-left", "top-right", "bottom-left", "bottom-right"])
def test_a_label_is_in_its_corner(corner) -> None:
    photo = np.full((200, 300, 3), 128, np.uint8)
    picture = viz.label(photo, "outliers hidden", corner)
    ys, xs = np.nonzero((picture != 128).any(axis=2))
    assert picture.max() > 200  # the text
    assert (ys.max() < 100) == corner.startswith("top")
    assert (xs.min() < 100) == corner.endswith("left")
    assert (xs.max() > 250) == corner.endswith("right")
    assert (photo == 128).all()


def test_a_label_fits_a_narrow_picture() -> None:
    photo = np.full((300, 90, 3), 128, np.uint8)
    _, xs = np.nonzero((viz.label(photo, "outliers hidden, 3 patches") != 128).any(axis=2))
    assert xs.min() > 0
