"""Maps at the size of a picture, against torch."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import viz

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("size", [(24, 40), (50, 70), (7, 11), (1024, 681)])
def test_nearest_follows_the_borders_of_the_patches(size) -> None:
    rows, cols = 5, 3
    heat = RNG.random((rows, cols), dtype=np.float32)
    drawn = viz.interpolate(heat, size)
    for y in range(size[0]):
        row = next(r for r in range(rows) if y + 0.5 < (r + 1) * size[0] / rows)
        np.testing.assert_array_equal(drawn[y, [0, -1]], heat[row, [0, -1]])
    for x in range(size[1]):
        col = next(c for c in range(cols) if x + 0.5 < (c + 1) * size[1] / cols)
        np.testing.assert_array_equal(drawn[[0, -1], x], heat[[0, -1], col])


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("grid", [(5, 3), (1, 4), (37, 37), (1, 1)])
@pytest.mark.parametrize("size", [(40, 24), (53, 31), (5, 3), (3, 2), (2, 11)])
def test_interpolation_against_torch(interpolation, grid, size) -> None:
    torch = pytest.importorskip("torch")
    heat = RNG.random(grid, dtype=np.float32)
    # With `antialias` torch's cubic has a = -0.5, enlarging too; without it has -0.75.
    resized = torch.nn.functional.interpolate(
        torch.from_numpy(heat).double()[None, None],
        size,
        mode=interpolation,
        align_corners=False,
        antialias=True,
    )
    expected = resized[0, 0].numpy().clip(heat.min(), heat.max())
    drawn = viz.interpolate(heat, size, interpolation)
    assert drawn.shape == size
    np.testing.assert_allclose(drawn, expected, atol=3e-7)


def test_enlarged_bilinear_against_torch() -> None:
    torch = pytest.importorskip("torch")
    heat = RNG.random((4, 6), dtype=np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(heat)[None, None], (37, 90), mode="bilinear", align_corners=False
    )
    drawn = viz.interpolate(heat, (37, 90), "bilinear")
    np.testing.assert_allclose(drawn, expected[0, 0].numpy(), atol=1e-6)


def test_bicubic_invents_no_value() -> None:
    heat = np.zeros((6, 6), np.float32)
    heat[2, 3] = 1  # would ring below 0
    drawn = viz.interpolate(heat, (60, 60), "bicubic")
    assert drawn.dtype == np.float32
    assert drawn.min() == 0
    assert 0.9 < drawn.max() <= 1
