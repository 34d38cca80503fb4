"""Every kind of file that people drop in, made here with Pillow."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import viz
from heedmap.viz.photo.decode import register_heif
from PIL import Image

from tests.viz.photo.photos import BLUE, GREEN, RED, close, photo, saved


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_formats_are_exact(kind, settings) -> None:
    opened = viz.open_image(saved(Image.fromarray(photo()), kind, **settings))
    np.testing.assert_array_equal(opened, photo())
    assert opened.dtype == np.uint8
    assert opened.flags.c_contiguous
    assert opened.flags.writeable


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "HEIF"])
def test_lossy_formats_are_close(kind) -> None:
    register_heif()
    settings = {} if kind == "WEBP" else {"subsampling": "4:4:4"}
    data = saved(Image.fromarray(photo(64, 96)), kind, quality=95, **settings)
    opened = viz.open_image(data)
    inner = np.s_[8:24, 8:40]  # away from the borders of the quarters
    assert close(opened[inner], photo(64, 96)[inner], 8)
    assert opened.shape == (64, 96, 3)


def test_mpo_is_a_jpeg() -> None:
    first, second = Image.fromarray(photo(64, 96)), Image.new("RGB", (96, 64), BLUE)
    data = saved(first, "MPO", save_all=True, append_images=[second], quality=95)
    assert close(viz.open_image(data)[8:24, 8:40], photo(64, 96)[8:24, 8:40], 8)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_frame_of_an_animation(kind) -> None:
    frames = [Image.new("RGB", (32, 32), color) for color in (RED, GREEN, BLUE)]
    settings = {"WEBP": {"lossless": True}, "AVIF": {"quality": 95}}.get(kind, {})
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **settings)
    assert close(viz.open_image(data), np.broadcast_to(np.uint8(RED), (32, 32, 3)), 4)


# EXIF: what the orientation says has to be done to the stored pixels.
TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, -1)[:, ::-1],
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_exif_orientation(orientation, kind) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    settings = {"lossless": True} if kind == "WEBP" else {}
    data = saved(Image.fromarray(photo()), kind, exif=exif, **settings)
    expected = TURNS[orientation](photo())
    if orientation == 7:  # mirrored along the other diagonal
        expected = photo()[::-1, ::-1].transpose(1, 0, 2)
    np.testing.assert_array_equal(viz.open_image(data), expected)


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_exif_orientation_of_lossy_formats(kind) -> None:
    register_heif()
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.fromarray(photo(64, 96)), kind, quality=95, exif=exif.tobytes())
    opened = viz.open_image(data)
    assert opened.shape == (96, 64, 3)
    assert close(opened[8:16, 8:16], np.broadcast_to(np.uint8(BLUE), (8, 8, 3)), 12)


def test_broken_exif_is_no_reason_to_refuse() -> None:
    data = saved(Image.fromarray(photo()), "PNG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    np.testing.assert_array_equal(viz.open_image(data), photo())
