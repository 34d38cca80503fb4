"""Overlays whose transparency follows the value, against the formula written out for a pixel."""

from __future__ import annotations

import math

import matplotlib
import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError

RNG = np.random.default_rng(11)


def by_hand(rgb: list[int], level: int, colormap: str, opacity: float, signed: bool) -> list[int]:
    """A pixel by the formula of viz/draw/fade.py, in plain Python."""
    red, green, blue = rgb
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    own = 1 - opacity + opacity * 0.65 * 0.6
    grey = opacity * 0.65 * (1 - 0.6)
    ground = [math.floor(own * c + grey * luma + 0.5) for c in rgb]
    t = (abs(2 * level - 255) - 1) / 254 if signed else level / 255
    alpha = math.floor(255 * opacity * t * (2 - t) + 0.5)
    colour = matplotlib.colormaps[colormap](level, bytes=True)[:3]
    return [
        (g * (255 - alpha) + int(c) * alpha + 127) // 255
        for g, c in zip(ground, colour, strict=True)
    ]


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("opacity", [0.3, 0.85, 1.0])
def test_every_pixel_follows_the_formula(opacity: float, signed: bool) -> None:
    heat = np.linspace(-1 if signed else 0, 1, 256).reshape(16, 16)
    photo = RNG.integers(0, 256, (16, 16, 3), np.uint8)
    name = "RdBu_r" if signed else "inferno"
    picture = viz.Overlay(name, opacity, fade=True, signed=signed)(photo, heat)
    levels = np.minimum(255, np.arange(256) * 256 // 255)
    for i, (pixel, given) in enumerate(
        zip(picture.reshape(-1, 3).tolist(), photo.reshape(-1, 3).tolist(), strict=True)
    ):
        near = {int(levels[i]), max(0, int(levels[i]) - 1)}  # a value between two levels
        assert pixel in [by_hand(given, level, name, opacity, signed) for level in near], i


def test_weak_places_keep_the_photo_and_strong_ones_the_colour() -> None:
    photo = np.full((20, 20, 3), (200, 100, 50), np.uint8)
    picture = viz.Overlay("inferno", 1.0, fade=True)(photo, [[0, 1]])
    assert picture[0, -1].tolist() == list(matplotlib.colormaps["inferno"](255, bytes=True)[:3])
    assert np.ptp(picture[0, 0]) < np.ptp(photo[0, 0])
    assert 0.6 < picture[0, 0].mean() / photo[0, 0].mean() < 0.7
    assert np.array_equal(viz.Overlay(opacity=0, fade=True)(photo, [[0, 1]]), photo)


def test_a_signed_scale_is_centred_on_zero() -> None:
    overlay = viz.Overlay("RdBu_r", 1.0, fade=True, signed=True)
    assert overlay.limits_of([[-1.0, 0.0, 4.0]]) == (-4.0, 4.0)
    assert viz.Overlay(signed=True, limits=(-3, 1)).limits_of([[0.0]]) == (-3.0, 3.0)
    photo = np.full((9, 9, 3), 90, np.uint8)
    weak, zero, strong = overlay(photo, [[-1.0, 0.0, 4.0]])[0, [0, 4, 8]].astype(int)
    assert np.abs(zero - 90 * 0.65).max() <= 0.5
    assert weak[2] > weak[0]  # blue
    assert strong[0] > strong[2]  # red
    flat = overlay(photo, np.zeros((3, 3)))
    assert (flat == zero).all()


def test_the_colour_bar_fades_over_a_checkered_ground() -> None:
    overlay = viz.Overlay("inferno", 1.0, fade=True)
    strip = viz.colorbar(overlay, 256, 12)
    assert strip.shape == (12, 256, 3)
    assert set(strip[:, 0, 0].tolist()) == {255, 208}
    assert np.array_equal(strip[:, -1], viz.colorbar("inferno", 256, 12)[:, -1])
    assert np.array_equal(viz.colorbar(viz.Overlay("jet")), viz.colorbar("jet"))


@pytest.mark.parametrize("name", ["fade", "signed"])
def test_switches_are_on_or_off(name: str) -> None:
    with pytest.raises(SettingError, match="is on or off, this is 'yes'"):
        viz.Overlay(**{name: "yes"})
