"""Every kind of file that people drop in, and every kind that is refused, made here with Pillow."""

from __future__ import annotations

import gc
import io
import os
import re
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import ImageError, SettingError
from heedmap.viz.photo import image as room
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


# What works


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
        ("PPM", {}),
        ("JPEG2000", {}),
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
    room._register_heif()
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
    room._register_heif()
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.fromarray(photo(64, 96)), kind, quality=95, exif=exif.tobytes())
    opened = viz.open_image(data)
    assert opened.shape == (96, 64, 3)
    assert close(opened[8:16, 8:16], np.broadcast_to(np.uint8(BLUE), (8, 8, 3)), 12)


def test_broken_exif_is_no_reason_to_refuse() -> None:
    data = saved(Image.fromarray(photo()), "PNG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    np.testing.assert_array_equal(viz.open_image(data), photo())


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
    data = b"P5 2 2 65535\n" + values.tobytes()
    np.testing.assert_array_equal(viz.open_image(data)[..., 0], [[0, 100], [128, 255]])


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


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_cmyk(kind) -> None:
    cmyk = Image.new("CMYK", (32, 32), (0, 255, 255, 0))  # red in print
    settings = {"quality": 95} if kind == "JPEG" else {}
    opened = viz.open_image(saved(cmyk, kind, **settings))
    assert close(opened, np.broadcast_to(np.uint8((255, 0, 0)), (32, 32, 3)), 3)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_frame_of_an_animation(kind) -> None:
    frames = [Image.new("RGB", (32, 32), color) for color in (RED, GREEN, BLUE)]
    settings = {"WEBP": {"lossless": True}, "AVIF": {"quality": 95}}.get(kind, {})
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **settings)
    assert close(viz.open_image(data), np.broadcast_to(np.uint8(RED), (32, 32, 3)), 4)


def test_sources_of_every_kind(tmp_path) -> None:
    data = png(photo())
    path = tmp_path / "cat.png"
    path.write_bytes(data)
    buffer = io.BytesIO(data)
    buffer.read()  # a page has looked at it already
    with open(path, "rb") as file:
        sources = [data, bytearray(data), memoryview(data), path, str(path), buffer, file]
        for source in sources:
            np.testing.assert_array_equal(viz.open_image(source), photo())
    assert not buffer.closed


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_no_file_stays_open(tmp_path) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(png(photo()))
    bad.write_bytes(png(photo())[:60])
    before = len(os.listdir("/dev/fd"))
    viz.open_image(good)
    sentence(bad, "breaks off")
    gc.collect()
    assert len(os.listdir("/dev/fd")) == before


def test_many_threads() -> None:
    data, results = png(photo()), []
    threads = [
        threading.Thread(target=lambda: results.append(viz.open_image(data))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(np.array_equal(result, photo()) for result in results)


def test_warnings_filters_are_left_as_they_were() -> None:
    before = list(warnings.filters)
    viz.open_image(png(photo()))
    assert list(warnings.filters) == before


# What is refused


def test_not_an_image() -> None:
    text = sentence(b"To be, or not to be", r"19 bytes.*not a picture.*JPEG")
    assert text.count("HEIC") == 1
    sentence(b"%PDF-1.7 " + bytes(100), "not a picture")
    sentence(b"<svg xmlns='http'></svg>", "not a picture")


def test_formats_that_run_other_programs_stay_shut() -> None:
    data = saved(Image.fromarray(photo()), "EPS")
    sentence(data, "not a picture")


def test_empty(tmp_path) -> None:
    sentence(b"", r"empty \(0 bytes\): choose another")
    path = tmp_path / "nothing.png"
    path.touch()
    sentence(path, r"nothing\.png is empty")
    sentence(io.BytesIO(), "is empty")


@pytest.mark.parametrize(
    "kind", ["PNG", "JPEG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP", "JPEG2000"]
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated(kind, share) -> None:
    room._register_heif()
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


def test_too_many_bytes(tmp_path) -> None:
    remedy = r"20\.1 MB, more than the 20 MB that are allowed: make the picture smaller"
    sentence(bytes(20_000_001), remedy)
    sentence(memoryview(bytes(20_000_001)), remedy)
    sentence(io.BytesIO(bytes(20_000_001)), remedy)
    path = tmp_path / "large.png"
    with open(path, "wb") as file:
        file.truncate(20_000_001)
    sentence(path, rf"large\.png has {remedy}")


def test_a_large_file_is_not_read_whole(tmp_path, monkeypatch) -> None:
    path = tmp_path / "huge.png"
    with open(path, "wb") as file:
        file.truncate(10**12)  # sparse: takes no room
    sentence(path, r"huge\.png has 1000000\.0 MB")

    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size=-1):
            assert 0 < size <= room.MAX_BYTES + 1
            return bytes(size)

        def seekable(self):
            return False

    sentence(Endless(), "more than the 20 MB")


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


def test_paths_that_cannot_be_opened(tmp_path) -> None:
    text = sentence(tmp_path / "private" / "cat.jpg", "There is no file cat.jpg: check")
    assert "private" not in text
    sentence(tmp_path, "is not a file: give the path of a picture")
    sentence("cat\0.jpg", "cannot be opened")
    sentence("", "There is no file|cannot be opened")


def test_sources_that_are_none(tmp_path) -> None:
    sentence(12, "No picture can be read from int: give the bytes")
    sentence(None, "NoneType")
    sentence(io.StringIO("text"), "binary mode")
    closed = io.BytesIO(png(photo()))
    closed.close()
    sentence(closed, "choose it again")


# Regions


def test_a_region_is_cut_out_exactly() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    part = viz.region(picture, (10, 5, 30, 35), long_side=30)
    np.testing.assert_array_equal(part, picture[5:35, 10:30])
    whole = viz.region(picture, (0, 0, 60, 40), long_side=60)
    np.testing.assert_array_equal(whole, picture)
    whole[:] = 0
    assert picture.any()  # the caller's photo is not the region


@pytest.mark.parametrize(
    ("shape", "box", "long_side", "expected"),
    [
        ((1000, 2000), (0, 0, 2000, 1000), 1024, (512, 1024)),
        ((2000, 1000), (0, 0, 1000, 2000), 1024, (1024, 512)),
        ((128, 96), (0, 0, 96, 128), 1024, (1024, 768)),
        ((20, 10), (0, 0, 10, 20), 1024, (160, 80)),  # eightfold and no more
        ((300, 400), (50.5, 0, 350.5, 300), 600, (600, 600)),
        ((2, 2000), (0, 0, 2000, 2), 100, (1, 100)),
    ],
)
def test_the_size_of_a_region(shape, box, long_side, expected) -> None:
    picture = np.zeros((*shape, 3), np.uint8)
    assert viz.region(picture, box, long_side).shape == (*expected, 3)


def test_a_region_is_the_right_part() -> None:
    part = viz.region(photo(200, 300), (150, 0, 300, 100), 512)  # the green quarter
    assert (part == GREEN).all()


def test_regions_that_are_none() -> None:
    for box in [(0, 0, 33, 24), (-1, 0, 5, 5), (5, 5, 5, 9), (9, 0, 5, 9)]:
        with pytest.raises(SettingError, match="does not lie in the photo of 32 x 24 px"):
            viz.region(photo(), box)
    with pytest.raises(SettingError, match="long side of 0 px"):
        viz.region(photo(), (0, 0, 32, 24), 0)
    with pytest.raises(SettingError, match=r"\(24, 32\) uint8: open it with"):
        viz.region(photo()[..., 0], (0, 0, 32, 24))


# Samples


def test_samples_open_offline(monkeypatch) -> None:
    def refuse(*_args, **_kwargs):
        raise AssertionError("a sample asked for the network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    ids = viz.sample_ids()
    assert len(ids) == len(set(ids)) >= 6
    for id in ids:
        record, picture = viz.sample(id), viz.open_sample(id)
        assert record.title
        assert record.credit
        assert record.alt.endswith(".")
        assert picture.dtype == np.uint8
        assert min(picture.shape[:2]) >= 300


def test_a_sample_that_is_none() -> None:
    with pytest.raises(SettingError, match="no sample photo 'dog': choose one of cat, "):
        viz.open_sample("dog")


def test_samples_without_scikit_image(monkeypatch) -> None:
    monkeypatch.setattr("heedmap.viz.photo.samples.find_spec", lambda name: None)
    with pytest.raises(ImageError, match="pip install scikit-image"):
        viz.open_sample("cat")
