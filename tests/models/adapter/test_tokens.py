"""How many patches one pass takes, told before it starts, with the size that would do."""

from __future__ import annotations

import re

import numpy as np
import pytest
import timm
from heedmap import models
from heedmap.errors import SettingError
from heedmap.models.prepare import MAX_TOKENS
from torch import nn

SMALL = {"depth": 1, "embed_dim": 24, "num_heads": 2, "img_size": 128, "patch_size": 8}


@pytest.fixture(scope="module")
def adapter() -> models.Adapter:
    return models.wrap(timm.create_model("vit_tiny_patch16_224", **SMALL))


@pytest.mark.parametrize(
    ("shape", "size", "fit"),
    [
        ((8, 1000), None, "whole"),
        ((1000, 8), None, "whole"),
        ((30, 900), 200, "whole"),
        ((64, 64), 1036, "squash"),
        ((64, 64), 1036, "crop"),
        ((64, 96), 1000, "whole"),
    ],
)
def test_too_many_patches_name_the_size_that_would_do(
    adapter: models.Adapter, shape: tuple[int, int], size: int | None, fit: str
) -> None:
    photo = np.zeros((*shape, 3), np.uint8)
    with pytest.raises(SettingError) as refused:
        adapter.prepare(photo, size, fit)
    said = str(refused.value)
    assert "patches and" in said
    assert f"one pass takes {MAX_TOKENS:,} patches" in said
    advised = int(re.search(r"size up to (\d+)", said)[1])
    rows, cols = adapter.prepare(photo, advised, fit).grid
    assert rows * cols <= MAX_TOKENS
    with pytest.raises(SettingError):
        adapter.prepare(photo, advised + 8, fit)
    if "crop" in said:
        adapter.prepare(photo, size, "crop")
    else:
        with pytest.raises(SettingError):
            adapter.prepare(photo, size, "crop")


def test_a_photo_that_no_size_would_do_for(adapter: models.Adapter) -> None:
    with pytest.raises(SettingError, match=r"11,250 patches.*: choose the fit 'crop'\."):
        adapter.prepare(np.zeros((1, 11_250, 3), np.uint8), 8)


def test_a_convnet_is_bounded_by_pixels_alone() -> None:
    adapter = models.wrap(nn.Sequential(nn.Conv2d(3, 4, 3)), size=128)
    assert adapter.prepare(np.zeros((8, 1000, 3), np.uint8)).view.shape[:2] == (128, 16_000)
    with pytest.raises(SettingError, match=r"one pass takes 2\.1 million pixels: choose a size up"):
        adapter.prepare(np.zeros((8, 1100, 3), np.uint8))
