"""What is told of an attention matrix: its tokens, its tiles, and its files."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from heedmap import viz
from heedmap.models import Adapter
from heedmap.views import attention, matrix
from heedmap.views.attention import Map
from heedmap.views.request import Request
from PIL import Image


def test_a_matrix_is_of_the_map_that_is_shown(vit: Adapter, cat: Request) -> None:
    hero = Map(attention.source(vit, cat), 2, "3")
    made = matrix.matrix(vit, cat, hero)
    assert made.tile == 2  # 16 x 24 patches
    rows, cols = hero.values.shape
    tiles = hero.values.reshape(rows // 2, 2, cols // 2, 2).sum((1, 3))
    np.testing.assert_allclose(made.values[0, 1:], tiles.ravel(), atol=1e-5)
    mean = matrix.matrix(vit, cat, replace(hero, head=attention.MEAN))
    heads = [matrix.matrix(vit, cat, replace(hero, head=str(n))).values for n in range(6)]
    np.testing.assert_allclose(mean.values, np.mean(heads, axis=0), atol=1e-5)
    assert "385 tokens, pooled to 97: each tile is 2 × 2 patches" in matrix.told(made, hero)
    assert made.labels[matrix.token_of(made, (5, 9))] == "patches (4, 8) to (5, 9)"
    assert matrix.token_of(made, None) is None
    shares = matrix.even(made, hero.seen.grid)
    assert (shares[0], shares[1]) == pytest.approx((1 / 385, 4 / 385))
    figure = matrix.Figure(made, hero)
    assert figure.name.endswith("layer2-head3-matrix")
    with Image.open(io.BytesIO(figure.png())) as picture:
        assert picture.width == pytest.approx(1440, abs=1)


def test_the_tiles_at_the_edge_count_what_they_hold() -> None:
    labels, places = ("CLS", *"abcd"), (None, (0, 0), (0, 2), (2, 0), (2, 2))
    made = viz.AttentionMatrix(np.eye(5, dtype=np.float32), labels, places, 1, 4, 2)
    assert np.multiply(matrix.even(made, (3, 3)), 10) == pytest.approx([1, 4, 2, 2, 1])
