"""The sprite of all maps: each tile is the map that the page draws large."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from heedmap import viz
from heedmap.views.attention import MEAN, Map, Source
from heedmap.views.overview import sprite
from heedmap.views.render import Look
from heedmap.views.request import Request
from PIL import Image


def source(shapes: list[tuple[int, int, int]]) -> Source:
    rng = np.random.default_rng(0)
    maps = tuple(rng.random(shape).astype(np.float32) ** 4 for shape in shapes)
    return Source(Request(f"photo{shapes}", "model", 64), "Model", None, maps, "cls", True)


def tiles(src: str, rows: int, columns: int) -> np.ndarray:
    """(rows, columns, h, w, 3) uint8."""
    content = base64.b64decode(src.partition("base64,")[2])
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    h, w = picture.shape[0] // rows, picture.shape[1] // columns
    return picture.reshape(rows, h, columns, w, 3).swapaxes(1, 2)


@pytest.mark.parametrize("scale", ["map", "layer", "model"])
@pytest.mark.parametrize("hide", [False, True])
def test_a_tile_has_the_colours_of_the_large_picture(scale: str, hide: bool) -> None:
    shown = Map(source([(3, 5, 7)] * 4), 2, MEAN, hide)
    look = Look(colormap="magma", opacity=1.0, scale=scale)
    made = sprite(shown, look)
    assert (made.heads, made.columns) == ((3,) * 4, 4)
    found = tiles(made.src, 4, 4)
    for layer in range(4):
        for column, head in enumerate([MEAN, "0", "1", "2"]):
            each = Map(shown.source, layer, head, hide)
            overlay = viz.Overlay("magma", 1.0, limits=each.limits(scale))
            own = overlay(np.zeros((5, 7, 3), np.uint8), each.values)
            off = np.abs(found[layer, column].astype(int) - own)
            assert np.percentile(off, 90) <= 2, (layer, head)  # a neighbour in the colour table


def test_layers_of_other_grids_fill_their_tiles() -> None:
    made = sprite(Map(source([(2, 8, 6), (4, 4, 3)]), 0), Look(colormap="gray"))
    assert (made.heads, made.columns) == ((2, 4), 5)
    found = tiles(made.src, 2, 5)
    assert found.shape[2:4] == (8, 6)
    np.testing.assert_array_equal(found[1, :, ::2, ::2], found[1, :, 1::2, 1::2])
    assert not found[0, 3:].any()
