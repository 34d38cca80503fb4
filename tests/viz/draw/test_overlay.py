"""Overlays to the exact pixel, against Matplotlib's colours."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError

RNG = np.random.default_rng(3)
GRIDS = {"portrait": (5, 3), "landscape": (3, 5)}


def planted(rows: int, cols: int) -> np.ndarray:
    """A pattern that no flip and no transposition leaves as it is."""
    heat = np.zeros((rows, cols), np.float32)
    heat[0, 1], heat[2, 0], heat[rows - 1, cols - 1] = 1.0, 0.5, 0.25
    return heat


def base(height: int, width: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("opacity", [0.0, 0.3, 0.5, 1.0])
def test_a_planted_pattern_to_the_pixel(grid, opacity) -> None:
    (rows, cols), patch = grid, 8
    heat, photo = planted(rows, cols), base(rows * patch, cols * patch)
    before = photo.copy()
    picture = viz.Overlay("viridis", opacity)(photo, heat)
    assert picture.dtype == np.uint8
    assert picture.shape == photo.shape
    colormap = matplotlib.colormaps["viridis"]
    for y in range(rows * patch):
        for x in range(cols * patch):
            colour = np.array(colormap(float(heat[y // patch, x // patch]), bytes=True)[:3])
            expected = np.float64(photo[y, x]) * (1 - opacity) + colour * opacity
            assert np.abs(picture[y, x] - expected).max() <= 0.5 + 1e-3
    np.testing.assert_array_equal(photo, before)
    assert not np.shares_memory(picture, photo)


@pytest.mark.parametrize("colormap", viz.COLORMAPS)
def test_colours_are_matplotlibs(colormap) -> None:
    heat = np.linspace(0, 1, 1000, dtype=np.float32).reshape(20, 50)
    picture = viz.Overlay(colormap, opacity=1)(base(20, 50), heat)
    expected = matplotlib.colormaps[colormap](heat, bytes=True)[..., :3]
    np.testing.assert_array_equal(picture, expected)


def test_opacity_zero_is_the_photo() -> None:
    photo = base(16, 24)
    np.testing.assert_array_equal(viz.Overlay(opacity=0)(photo, planted(4, 6)), photo)


@pytest.mark.parametrize("interpolation", viz.INTERPOLATIONS)
def test_values_are_interpolated_before_they_are_coloured(interpolation) -> None:
    overlay = viz.Overlay("jet", 1.0, interpolation)
    picture = overlay(base(60, 90), np.float32([[0, 1, 0.3], [0.2, 0, 1]]))
    scale = {tuple(colour) for colour in viz.colorbar("jet", 256, 1)[0].tolist()}
    assert {tuple(pixel) for pixel in picture.reshape(-1, 3).tolist()} <= scale


@pytest.mark.parametrize("interpolation", viz.INTERPOLATIONS)
@pytest.mark.parametrize("value", [0.0, 1 / 3, -2.0])
def test_a_constant_map_is_flat(interpolation, value) -> None:
    heat = np.full((4, 6), value, np.float32)
    picture = viz.Overlay("magma", 1.0, interpolation)(base(30, 50), heat)
    expected = np.array(matplotlib.colormaps["magma"](0.0, bytes=True)[:3])
    assert (picture == expected).all()


@pytest.mark.parametrize("interpolation", viz.INTERPOLATIONS)
def test_limits_are_used_and_returned(interpolation) -> None:
    heat = np.float32([[0.1, 0.2], [0.3, 0.4]])
    own, wide = viz.Overlay(), viz.Overlay("gray", 1.0, interpolation, limits=(0.0, 0.4))
    assert own.limits_of(heat) == (pytest.approx(0.1), pytest.approx(0.4))
    assert wide.limits_of(heat) == (0.0, 0.4)
    picture = wide(base(20, 20), heat)
    assert abs(int(picture[0, 0, 0]) - 64) <= 1
    assert picture[-1, -1, 0] >= 254
    narrow = viz.Overlay("gray", 1.0, interpolation, limits=(0.2, 0.3))(base(20, 20), heat)
    assert narrow[0, 0, 0] == 0
    assert narrow[-1, -1, 0] == 255
    flat = viz.Overlay("gray", 1.0, interpolation, limits=(0.2, 0.2))(base(20, 20), heat)
    assert (flat == 0).all()


def test_overlays_compare_and_hash_by_their_settings() -> None:
    assert viz.Overlay() == viz.Overlay("viridis", 0.5, "nearest", None, False)
    assert len({viz.Overlay(), viz.Overlay(), viz.Overlay("jet")}) == 2


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"colormap": "rainbowish"}, "no colour map 'rainbowish': choose one of viridis, magma"),
        ({"opacity": 1.5}, "opacity of 1.5 is out of range: choose 0 to 1"),
        ({"opacity": float("nan")}, "opacity of nan"),
        ({"interpolation": "lanczos"}, "no interpolation 'lanczos': choose one of nearest"),
        ({"limits": (1, 0)}, r"scale of \(1, 0\) cannot be drawn: give two finite numbers"),
        ({"limits": (0, float("inf"))}, r"scale of \(0, inf\)"),
    ],
)
def test_settings_out_of_range(settings, match) -> None:
    with pytest.raises(SettingError, match=match):
        viz.Overlay(**settings)


def test_the_patch_grid_marks_borders_only() -> None:
    photo = np.full((24, 40, 3), 230, np.uint8)
    photo[:, :24] = 20
    picture = viz.Overlay(opacity=0, patch_grid=True)(photo, np.zeros((3, 5)))
    changed = (picture != photo).any(axis=2)
    expected = np.zeros((24, 40), bool)
    expected[[8, 16]] = True
    expected[:, [8, 16, 24, 32]] = True
    np.testing.assert_array_equal(changed, expected)
    assert (picture[8, :24] > 80).all()  # light on dark
    assert (picture[8, 24:] < 170).all()  # dark on light


@pytest.mark.parametrize(("grid", "lines"), [((1, 1), 0), ((1, 4), 3 * 24), ((2, 1), 40)])
def test_a_grid_of_one_row_or_column(grid, lines) -> None:
    photo = np.full((24, 40, 3), 230, np.uint8)
    assert (viz.grid_lines(photo, grid) != photo).any(axis=2).sum() == lines


def test_the_patch_grid_never_hides_the_picture() -> None:
    photo = base(24, 40)
    picture = viz.Overlay(opacity=0, patch_grid=True)(photo, np.zeros((12, 20)))
    np.testing.assert_array_equal(picture, photo)


def test_colorbar() -> None:
    strip = viz.colorbar("magma", 512, 9)
    assert strip.shape == (9, 512, 3)
    expected = matplotlib.colormaps["magma"](np.arange(256), bytes=True)[:, :3]
    np.testing.assert_array_equal(strip[4, ::2], expected)
