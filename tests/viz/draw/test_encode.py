"""Pictures as files: opened again, and the same bytes each time."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import SettingError
from PIL import Image

RNG = np.random.default_rng(3)


def base(height: int, width: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), np.uint8)


def test_png_is_lossless_and_the_same_again() -> None:
    picture = base(20, 30)
    data = viz.encode_png(picture)
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(data))), picture)
    assert data == viz.encode_png(picture)
    gray = picture[..., 0]
    np.testing.assert_array_equal(np.array(Image.open(io.BytesIO(viz.encode_png(gray)))), gray)


def test_jpeg_keeps_colours() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:, 12:20, 0] = 255
    back = np.array(Image.open(io.BytesIO(viz.encode_jpeg(picture, 95)))).astype(int)
    assert np.abs(back - picture).max() < 25


def test_zip_holds_the_pictures_in_their_order() -> None:
    pictures = {f"attn-head{j}.png": base(10, 12) for j in range(12)} | {"mean": base(9, 9)}
    data = viz.zip_pngs(pictures)
    assert data == viz.zip_pngs(pictures)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*list(pictures)[:-1], "mean.png"]
        for name, picture in zip(archive.namelist(), pictures.values(), strict=True):
            opened = np.array(Image.open(io.BytesIO(archive.read(name))))
            np.testing.assert_array_equal(opened, picture)
    for names in ({"a/b": 0}, {"a": 0, "a.png": 1}, {"..\\a": 0}):
        with pytest.raises(SettingError, match="a name of its own, without folders"):
            viz.zip_pngs({name: base(4, 4) for name in names})
