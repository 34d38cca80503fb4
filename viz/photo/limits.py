"""How large a photo may be, checked before anything is decoded."""

from __future__ import annotations

from heedmap.errors import ImageError
from PIL import Image, TiffImagePlugin

MAX_BYTES = 20_000_000
MAX_PIXELS = 64_000_000
# A single line of pixels shows no shape.
MIN_SIDE = 2

_TILE_WIDTH, _TILE_LENGTH = 322, 323  # TIFF tags


def check_bytes(size: int, name: str) -> None:
    """Refuse a file of more than 20 MB.

    Raises:
        ImageError: too many bytes.
    """
    if size > MAX_BYTES:
        raise ImageError(
            "{name} has {size} MB, more than the {most} MB that are allowed: make the "
            "picture smaller or save it as JPEG.",
            name=name,
            size=_rounded_up(size),
            most=MAX_BYTES // 1_000_000,
        )


def check_size(image: Image.Image, name: str) -> None:
    """Refuse a picture whose header promises too many pixels, or too few.

    Raises:
        ImageError: more than 64 megapixels in all or in one tile of a TIFF, or a side below 2 px.
    """
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(
            "{name} has {width} x {height} pixels, {megapixels} megapixels and more than the "
            "{most} that are allowed: make the picture smaller.",
            name=name,
            width=width,
            height=height,
            megapixels=_rounded_up(width * height),
            most=MAX_PIXELS // 1_000_000,
        )
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            "{name} is only {width} x {height} px: choose a picture that is at least "
            "{least} px wide and high.",
            name=name,
            width=width,
            height=height,
            least=MIN_SIDE,
        )
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _check_tile(image, name)


def too_many_pixels(name: str, pixels: int | None) -> ImageError:
    """Return the error for a picture that Pillow itself refuses for its size."""
    most = MAX_PIXELS // 1_000_000
    if not pixels:
        return ImageError(
            "{name} has more than the {most} megapixels that are allowed: make the picture "
            "smaller.",
            name=name,
            most=most,
        )
    return ImageError(
        "{name} has {count} megapixels, more than the {most} megapixels that are allowed: make "
        "the picture smaller.",
        name=name,
        count=_rounded_up(pixels),
        most=most,
    )


def _check_tile(image: TiffImagePlugin.TiffImageFile, name: str) -> None:
    """A tile is decoded whole, however small the part of it that the picture shows."""
    width, length = (image.tag_v2.get(tag, 0) for tag in (_TILE_WIDTH, _TILE_LENGTH))
    if isinstance(width, int) and isinstance(length, int) and width * length > MAX_PIXELS:
        raise ImageError(
            "{name} is stored in tiles of {width} x {length} px, more than the {most} "
            "megapixels that are allowed: save it as PNG or JPEG.",
            name=name,
            width=width,
            length=length,
            most=MAX_PIXELS // 1_000_000,
        )


def _rounded_up(number: int) -> str:
    """In millions with one decimal, never rounded down to the limit that was passed."""
    return f"{-(-number // 100_000) / 10:.1f}"
