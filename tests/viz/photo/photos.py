"""What the tests of this room share: a photo, files of it, and what an error must be like."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import ImageError
from PIL import Image

RED, GREEN, BLUE, GRAY = (220, 30, 40), (20, 200, 60), (30, 50, 210), (128, 128, 128)


def photo(height: int = 24, width: int = 32) -> np.ndarray:
    """Four quarters of different colours: no turn or flip of it equals another."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = RED
    picture[: height // 2, width // 2 :] = GREEN
    picture[height // 2 :, : width // 2] = BLUE
    picture[height // 2 :, width // 2 :] = GRAY
    return picture


def saved(image: Image.Image, kind: str, **settings) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def png(picture: np.ndarray) -> bytes:
    return saved(Image.fromarray(picture), "PNG")


def close(left: np.ndarray, right: np.ndarray, by: int) -> bool:
    return left.shape == right.shape and bool(np.abs(left.astype(int) - right).max() <= by)


def sentence(source, match: str) -> str:
    """The error's one sentence, which leaks nothing."""
    with pytest.raises(ImageError, match=match) as caught:
        viz.open_image(source)
    text = str(caught.value)
    assert text.endswith(".")
    assert len(re.findall(r"[.!?](?:\s|$)", text)) == 1
    assert "0x" not in text
    assert "/" not in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return text
