"""Colours as the photographer meant them: profiles are converted to sRGB."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from heedmap import viz
from heedmap.viz.photo.decode import register_heif
from PIL import Image, ImageCms
from skimage.color import lab2rgb

from tests.hostile import bombs
from tests.viz.photo import profiles
from tests.viz.photo.photos import saved

P3_RED = (234, 51, 35)  # the reddest red of sRGB, in Display P3
P3 = profiles.rgb(profiles.DISPLAY_P3)
COLOURS = [
    (0, 0, 0),
    (255, 255, 255),
    (128, 128, 128),
    (200, 120, 60),
    (60, 130, 90),
    (90, 80, 160),
]


def flat(colour, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (32, 24), colour)


def shown(image: Image.Image, kind: str = "PNG", **settings) -> np.ndarray:
    """The colour that a flat picture is shown in."""
    opened = viz.open_image(saved(image, kind, **settings))
    assert opened.shape == (24, 32, 3)
    return opened[12, 16].astype(int)


def is_near(colour, wanted, by: int) -> bool:
    return bool(np.abs(np.asarray(colour, float) - wanted).max() <= by)


@pytest.mark.parametrize(
    ("kind", "settings", "by"),
    [
        ("PNG", {}, 1),
        ("TIFF", {}, 1),
        ("WEBP", {"lossless": True}, 1),
        ("JPEG", {"quality": 100, "subsampling": 0}, 2),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}, 2),
        ("HEIF", {"quality": 100, "subsampling": "4:4:4"}, 2),
    ],
)
def test_display_p3_in_every_format(kind, settings, by) -> None:
    register_heif()
    assert is_near(shown(flat(P3_RED), kind, icc_profile=P3, **settings), (255, 0, 0), by)
    assert is_near(shown(flat(P3_RED), kind, **settings), P3_RED, by)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    ("primaries", "gamma"),
    [(profiles.DISPLAY_P3, None), (profiles.ADOBE_RGB, 2.19921875), (profiles.BT_2020, 2.0)],
)
def test_profiles_give_what_their_standards_say(colour, primaries, gamma) -> None:
    icc = profiles.rgb(primaries, gamma)
    wanted = profiles.expected(colour, primaries, gamma)
    assert is_near(shown(flat(colour), icc_profile=icc), wanted, 2)


def test_srgb_leaves_every_pixel_as_it_is() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    pillows = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for icc in (pillows, profiles.rgb(profiles.SRGB)):
        opened = viz.open_image(saved(Image.fromarray(noise), "PNG", icc_profile=icc))
        np.testing.assert_array_equal(opened, noise)


def test_transparency_keeps_its_place() -> None:
    image = flat((*P3_RED, 255), "RGBA")
    image.putpixel((3, 2), (*P3_RED, 0))
    opened = viz.open_image(saved(image, "PNG", icc_profile=P3))
    assert is_near(opened[12, 16], (255, 0, 0), 1)
    np.testing.assert_array_equal(opened[2, 3], (255, 255, 255))


def test_a_palette_in_p3() -> None:
    assert is_near(shown(flat(P3_RED).quantize(2), icc_profile=P3), (255, 0, 0), 1)


def test_a_pillow_image_brings_its_profile() -> None:
    image = Image.open(io.BytesIO(saved(flat(P3_RED), "PNG", icc_profile=P3)))
    assert is_near(viz.open_image(image)[0, 0], (255, 0, 0), 1)


@pytest.mark.parametrize("gamma", [1.0, 1.8])
def test_gray_profiles(gamma) -> None:
    wanted = 255 * profiles.encoded(np.array((100 / 255) ** gamma))
    icc = profiles.gray(gamma)
    assert is_near(shown(flat(100, "L"), icc_profile=icc), wanted, 2)
    assert is_near(shown(flat((100, 255), "LA"), icc_profile=icc), wanted, 2)
    deep = Image.fromarray(np.full((24, 32), 25700, np.uint16))
    assert is_near(shown(deep, icc_profile=icc), wanted, 2)


def test_gray_in_a_profile_of_colour() -> None:
    icc = profiles.rgb(profiles.DISPLAY_P3, 1.0)
    wanted = profiles.expected((100, 100, 100), profiles.DISPLAY_P3, 1.0)
    assert is_near(shown(flat(100, "L"), icc_profile=icc), wanted, 2)


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_cmyk_with_a_profile(kind) -> None:
    """Full cyan is bright green in this profile: what it is without one, it cannot be."""
    icc = profiles.cmyk(full_cyan=(87.73, -86.18, 83.18))  # (0, 255, 0) in sRGB
    settings = {"quality": 100} if kind == "JPEG" else {}
    assert is_near(
        shown(flat((255, 0, 0, 0), "CMYK"), kind, icc_profile=icc, **settings), (0, 255, 0), 6
    )
    assert is_near(shown(flat((0, 0, 0, 0), "CMYK"), kind, icc_profile=icc, **settings), 255, 4)


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_cmyk_without_a_profile(kind) -> None:
    settings = {"quality": 95} if kind == "JPEG" else {}
    assert is_near(shown(flat((0, 255, 255, 0), "CMYK"), kind, **settings), (255, 0, 0), 3)


@pytest.mark.parametrize(
    "icc",
    [
        b"junk",
        P3[:-40],
        P3[:128],
        P3.replace(b"rXYZ", b"xxxx"),
        P3.replace(b"RGB ", b"6CLR"),
        profiles.gray(1.8),  # made for other pixels
        profiles.cmyk((50, 0, 0)),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_profiles_that_do_not_fit_are_ignored(icc, kind) -> None:
    settings = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    assert is_near(shown(flat(P3_RED), kind, icc_profile=icc, **settings), P3_RED, 2)


def test_a_profile_for_other_pixels_than_cmyk() -> None:
    plain = shown(flat((10, 200, 90, 20), "CMYK"), "TIFF")
    np.testing.assert_array_equal(
        shown(flat((10, 200, 90, 20), "CMYK"), "TIFF", icc_profile=P3), plain
    )


# What HEIC and AVIF state without a profile (cICP, `nclx`)


def heic(colour, primaries: int, transfer: int, **settings) -> np.ndarray:
    register_heif()
    return shown(
        flat(colour), "HEIF", quality=100, subsampling="4:4:4",
        color_primaries=primaries, transfer_characteristics=transfer, **settings,
    )  # fmt: skip


def avif(colour, primaries: int, transfer: int) -> np.ndarray:
    data = saved(flat(colour), "AVIF", quality=100, subsampling="4:4:4")
    start = data.index(b"colrnclx") + 8
    stated = bytes([0, primaries, 0, transfer])
    return viz.open_image(data[:start] + stated + data[start + 4 :])[12, 16].astype(int)


def png(colour, primaries: int, transfer: int) -> np.ndarray:
    row = b"\0" + bytes(colour) * 32
    cicp = (b"cICP", bytes([primaries, transfer, 0, 1]))
    data = bombs.png_of(32, 24, 8, 2, zlib.compress(row * 24), cicp)
    return viz.open_image(data)[12, 16].astype(int)


OPENED = [heic, avif, png]


@pytest.mark.parametrize("opened", OPENED)
def test_stated_primaries(opened) -> None:
    assert is_near(opened(P3_RED, 12, 13), (255, 0, 0), 2)
    wanted = profiles.expected((200, 120, 60), profiles.BT_2020)
    assert is_near(opened((200, 120, 60), 9, 13), wanted, 3)


@pytest.mark.parametrize("opened", OPENED)
@pytest.mark.parametrize(("primaries", "transfer"), [(1, 13), (2, 2)])
def test_primaries_of_srgb_or_unknown(opened, primaries, transfer) -> None:
    assert is_near(opened(P3_RED, primaries, transfer), P3_RED, 2)


def pq_gray(nits: float) -> int:
    """A gray of this light in PQ, by the inverse of its curve (SMPTE ST 2084)."""
    power = (nits / 10_000) ** 0.1593017578125
    return round(255 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


@pytest.mark.parametrize("opened", OPENED)
@pytest.mark.parametrize(
    ("nits", "shown"), [(0.0, 0), (203 * 0.2158605, 128), (203, 255), (1000, 255), (10_000, 255)]
)
def test_absolute_light_is_shown_up_to_diffuse_white(opened, nits: float, shown: int) -> None:
    """The middle is where sRGB has 128: at 0.2158605 of its white."""
    assert is_near(opened((pq_gray(nits),) * 3, 9, 16), (shown,) * 3, 3)


def test_a_profile_counts_more_than_what_is_stated() -> None:
    adobe = profiles.rgb(profiles.ADOBE_RGB, 2.19921875)
    wanted = profiles.expected((200, 120, 60), profiles.ADOBE_RGB, 2.19921875)
    assert is_near(heic((200, 120, 60), 12, 13, icc_profile=adobe), wanted, 3)


def test_lab() -> None:
    lab = Image.merge("LAB", [Image.new("L", (32, 24), value) for value in (150, 140, 110)])
    wanted = 255 * lab2rgb(np.array([150 / 2.55, 140 - 128, 110 - 128]))
    assert is_near(shown(lab, "TIFF"), wanted, 5)  # scikit-image adapts to D65 in its own way
