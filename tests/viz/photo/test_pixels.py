"""Pixels of every mode become eight bits of red, green and blue, on white."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from heedmap import viz
from heedmap.viz.photo import pixels
from PIL import Image

from tests.hostile import bombs
from tests.viz.photo.photos import BLUE, GRAY, GREEN, RED, close, photo, png, saved


def test_rgba_is_laid_on_white() -> None:
    alpha = np.array([0, 255, 128], np.uint8)
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = RED, alpha
    opened = viz.open_image(png(rgba))
    share = alpha[:, None] / 255
    expected = np.rint(np.array(RED) * share + 255 * (1 - share))
    assert close(opened, np.broadcast_to(expected, (2, 3, 3)), 1)
    np.testing.assert_array_equal(opened[0, 0], (255, 255, 255))
    np.testing.assert_array_equal(opened[0, 1], RED)


def test_la_is_laid_on_white() -> None:
    la = Image.new("LA", (4, 3), (40, 255))
    la.putpixel((1, 2), (40, 0))
    opened = viz.open_image(saved(la, "PNG"))
    np.testing.assert_array_equal(opened[2, 1], (255, 255, 255))
    np.testing.assert_array_equal(opened[0, 0], (40, 40, 40))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_transparency_is_laid_on_white(kind) -> None:
    image = Image.new("P", (4, 3), 0)
    image.putpalette([*RED, *BLUE, *GREEN])
    image.putpixel((3, 1), 1)
    opened = viz.open_image(saved(image, kind, transparency=0))
    np.testing.assert_array_equal(opened[1, 3], BLUE)
    np.testing.assert_array_equal(opened[0, 0], (255, 255, 255))


def test_palette_with_a_transparency_for_each_colour() -> None:
    image = Image.new("P", (3, 2), 0)
    image.putpalette([*RED, *BLUE, *GREEN])
    image.putpixel((1, 0), 1)
    opened = viz.open_image(saved(image, "PNG", transparency=b"\xff\x00\x80"))
    np.testing.assert_array_equal(opened[0, 0], RED)
    np.testing.assert_array_equal(opened[0, 1], (255, 255, 255))


def test_a_transparent_colour_of_rgb_is_laid_on_white() -> None:
    data = saved(Image.fromarray(photo()), "PNG", transparency=RED)
    opened = viz.open_image(data)
    np.testing.assert_array_equal(opened[0, 0], (255, 255, 255))
    np.testing.assert_array_equal(opened[-1, -1], GRAY)


@pytest.mark.parametrize("mode", ["L", "P", "1"])
def test_gray_palette_and_black_and_white(mode) -> None:
    gray = Image.fromarray(photo()).convert("L").convert(mode)
    opened = viz.open_image(saved(gray, "PNG"))
    np.testing.assert_array_equal(opened, np.array(gray.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind) -> None:
    values = np.array([[0, 257, 25700], [32896, 65278, 65535]], np.uint16)
    opened = viz.open_image(saved(Image.fromarray(values), kind))
    expected = np.array([[0, 1, 100], [128, 254, 255]], np.uint8)
    np.testing.assert_array_equal(opened, np.repeat(expected[..., None], 3, axis=2))


def test_sixteen_bits_big_endian() -> None:
    values = np.array([[0, 25700], [32896, 65535]], ">u2")
    image = Image.frombytes("I;16B", (2, 2), values.tobytes())
    opened = viz.open_image(saved(image, "TIFF"))
    np.testing.assert_array_equal(opened[..., 0], [[0, 100], [128, 255]])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 0.2], [0.6, 1]], np.float32), [[0, 51], [153, 255]]),
        (np.array([[0, 51], [153, 255]], np.float32), [[0, 51], [153, 255]]),
        (np.array([[0, 25700], [32896, 65535]], np.float32), [[0, 100], [128, 255]]),
        (np.array([[-10, 0], [20, 41]], np.float32), [[0, 50], [150, 255]]),
        (np.array([[np.nan, 0.2], [np.inf, 1]], np.float32), [[0, 51], [0, 255]]),
        (np.array([[-3, -3], [-3, -3]], np.float32), [[0, 0], [0, 0]]),
        (np.array([[0, 51], [153, 255]], np.int32), [[0, 51], [153, 255]]),
        (np.array([[0, 25700], [32896, 65535]], np.int32), [[0, 100], [128, 255]]),
        (np.array([[0, 200000], [600000, 1000000]], np.int32), [[0, 51], [153, 255]]),
    ],
)
def test_floats_and_32_bits(values, expected) -> None:
    opened = viz.open_image(saved(Image.fromarray(values), "TIFF"))
    np.testing.assert_array_equal(opened[..., 0], expected)
    np.testing.assert_array_equal(opened[..., 0], opened[..., 2])


def test_sixteen_bits_with_a_transparent_value_are_laid_on_white() -> None:
    values = np.array([[0, 257], [32896, 258]], np.uint16)
    opened = viz.open_image(saved(Image.fromarray(values), "PNG", transparency=257))
    np.testing.assert_array_equal(opened[..., 0], [[0, 255], [128, 1]])


@pytest.mark.parametrize(
    ("bits", "row", "stated", "expected"),
    [
        (1, b"\x50", 1, [0, 255, 0, 255]),
        (2, b"\x1b", 1, [0, 255, 170, 255]),
        (4, b"\x01\x2f", 1, [0, 255, 34, 255]),
        (8, b"\x00\x01\x02\xff", 1, [0, 255, 2, 255]),
        (16, b"\x00\x00\x01\x01\x02\x02\xff\xff", 257, [0, 255, 2, 255]),
    ],
)
def test_a_transparent_gray_of_any_depth_is_laid_on_white(bits, row, stated, expected) -> None:
    rows = zlib.compress(2 * (b"\0" + row))
    data = bombs.png_of(4, 2, bits, 0, rows, (b"tRNS", struct.pack(">H", stated)))
    np.testing.assert_array_equal(viz.open_image(data)[0, :, 0], expected)


def test_a_transparent_colour_of_16_bits_is_laid_on_white() -> None:
    pixels = struct.pack(">6H", 60000, 257, 514, 25700, 0, 65535)
    rows = zlib.compress(2 * (b"\0" + pixels))
    data = bombs.png_of(2, 2, 16, 2, rows, (b"tRNS", pixels[:6]))
    np.testing.assert_array_equal(viz.open_image(data)[0], [(255, 255, 255), (100, 0, 255)])


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"]
)
@pytest.mark.parametrize("piece", [1, 7, 100])
def test_piece_by_piece_is_as_in_one(mode, piece, monkeypatch) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (14, 9, 3), np.uint8)
    image = Image.fromarray(noise).convert("L" if mode[0] in "IF" else mode)
    if mode[0] in "IF":
        image = Image.fromarray(np.asarray(image).astype({"F": "f4", "I": "i4"}.get(mode, "u2")))
    whole = viz.open_image(image)
    monkeypatch.setattr(pixels, "_PIECE", piece)
    np.testing.assert_array_equal(viz.open_image(image), whole)
    assert whole.std() > 0 or mode == "I;16"
