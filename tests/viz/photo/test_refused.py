"""Every file that is refused, and what is said of it."""

from __future__ import annotations

import struct
import warnings
import zlib

import numpy as np
import pytest
from heedmap import viz
from heedmap.viz.photo.decode import register_heif
from PIL import Image

from tests.hostile import bombs
from tests.viz.photo.photos import photo, png, saved, sentence


def test_not_an_image() -> None:
    text = sentence(b"To be, or not to be", r"19 bytes.*not a picture.*JPEG")
    assert text.count("HEIC") == 1
    sentence(b"%PDF-1.7 " + bytes(100), "not a picture")
    sentence(b"<svg xmlns='http'></svg>", "not a picture")


def test_formats_that_run_other_programs_stay_shut() -> None:
    data = saved(Image.fromarray(photo()), "EPS")
    sentence(data, "not a picture")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated(kind, share) -> None:
    register_heif()
    noise = np.random.default_rng(0).integers(0, 256, (80, 96, 3), np.uint8)
    data = saved(Image.fromarray(noise), kind)
    cut = data[: int(len(data) * share)]
    sentence(cut, rf"{len(cut):,} bytes\) breaks off or is damaged: copy or download")


def test_truncated_within_the_header() -> None:
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF"):
        sentence(saved(Image.fromarray(photo()), kind)[:14], "breaks off")


def test_damaged() -> None:
    data = bytearray(png(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)))
    data[200:260] = bytes(60)
    sentence(bytes(data), "damaged")


def header(width: int, height: int) -> bytes:
    """A PNG of a given size that holds no pixels: decoding it would fail in another way."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + ihdr + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height", "count"),
    [(8000, 8001, "64.1"), (10000, 10000, "100.0"), (20000, 20000, "400.0")],
)
def test_too_many_pixels_by_the_header(width, height, count) -> None:
    # Pillow itself warns from 89 megapixels and raises from 179.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = sentence(header(width, height), "64.* allowed: make the picture smaller")
    assert f"{count} megapixels" in text


def test_exactly_64_megapixels_pass_the_check() -> None:
    sentence(header(8000, 8000), "damaged")


@pytest.mark.parametrize(("width", "height"), [(1, 40), (40, 1), (1, 1)])
def test_a_line_is_no_picture(width, height) -> None:
    data = png(np.zeros((height, width, 3), np.uint8))
    sentence(data, rf"only {width} x {height} px: choose a picture that is at least 2 px")


def test_two_by_two_is_a_picture() -> None:
    assert viz.open_image(png(np.zeros((2, 2, 3), np.uint8))).shape == (2, 2, 3)


# What this build cannot decode is not called damaged without more ado.


@pytest.mark.parametrize(
    ("compression", "name"),
    [(34887, "34887"), (50002, "50002"), (34712, "34712"), (50001, "webp"), (34925, "lzma")],
)
def test_a_tiff_in_a_foreign_compression(compression, name) -> None:
    data = bombs.tiff(16, 16, bytes(256), compression=compression)
    sentence(data, rf"TIFF compression {name}\): save it as JPEG or PNG")


@pytest.mark.parametrize("codec", ["av01", "vvc1", "j2k1", "unci"])
def test_a_heic_in_a_foreign_codec(codec) -> None:
    register_heif()
    data = saved(Image.fromarray(photo(64, 96)), "HEIF").replace(b"hvc1", codec.encode())
    sentence(data, rf"the codec {codec}\): save it as JPEG or PNG")


def test_what_pillow_knows_but_cannot_decode() -> None:
    bmp = bytearray(saved(Image.fromarray(photo()), "BMP"))
    bmp[30] = 4  # JPEG inside
    sentence(bytes(bmp), r"Unsupported BMP compression \(4\)\): save it")
    jpeg = bytearray(saved(Image.fromarray(photo()), "JPEG"))
    jpeg[jpeg.find(b"\xff\xc0") + 4] = 12
    sentence(bytes(jpeg), r"12-bit layers\): save it")


def test_heic_without_pillow_heif(monkeypatch) -> None:
    register_heif()
    data = saved(Image.fromarray(photo(64, 96)), "HEIF")
    monkeypatch.delitem(Image.OPEN, "HEIF")
    sentence(data, r"cannot be decoded here \(HEIF\): save it")
