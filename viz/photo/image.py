"""Bytes -> an RGB photo, or one sentence that says what to do.

    photo = open_image("cat.heic")                # (H, W, 3) uint8 RGB
    shown = region(photo, prepared.box)           # what the model saw, at screen resolution

Order of the checks: size of the file, kind of file, size of the picture as its header gives it,
and only then the pixels. Nothing is decoded that is too large to be decoded.
"""

from __future__ import annotations

import io
import os
import re
import stat
import threading
import warnings
from functools import cache
from typing import IO, TypeAlias

import numpy as np
from heedmap.errors import ImageError, SettingError
from numpy.typing import NDArray
from PIL import Image, ImageOps

Picture: TypeAlias = NDArray[np.uint8]
Source: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes]
Box: TypeAlias = tuple[float, float, float, float]

MAX_BYTES = 20_000_000
MAX_PIXELS = 64_000_000
# A line of pixels has no shape to look at; two by two is the least that is a picture at all.
MIN_SIDE = 2
# A photo smaller than the screen is enlarged at most this often: 128 px fill 1024 px.
MAX_ENLARGEMENT = 8

# Everything else that Pillow opens stays shut: EPS would start Ghostscript, and nobody takes
# photos in SPIDER. MPO (two JPEGs in a row, as phones write it) comes in through JPEG.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP", "DIB", "PPM", "JPEG2000")
KINDS = "JPEG, PNG, WebP, AVIF, HEIC, GIF, TIFF or BMP"
_SIGNATURES = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF....WEBP|II\*\x00|MM\x00\*|....ftyp(?:avi|hei|hev|mif|msf)",
    re.DOTALL,
)

# One photo at a time: a picture of 64 megapixels needs up to 1 GB while it is decoded, and
# `warnings.catch_warnings` is not made for many threads.
_decoding = threading.Lock()


def open_image(source: Source) -> Picture:
    """Open a photo as RGB.

    Turns it as its EXIF data say, lays transparency on white, takes the first frame of an
    animation, and brings 16-bit and floating-point pixels to 8 bits (see `_to_eight_bits`).

    Args:
        source: the bytes of a file, its path, or an open binary file (read from its start where
            it can be rewound, and left open). At most 20 MB and 64 megapixels.

    Returns:
        (H, W, 3) uint8, RGB, contiguous, the caller's own.

    Raises:
        ImageError: no such file, not a picture, empty, cut off, too large or too small.
    """
    data, name = _read(source)
    if not data:
        raise ImageError(f"{name} is empty (0 bytes): choose another file.")
    with _decoding, warnings.catch_warnings():
        # Pillow warns about odd metadata and large pictures; what matters is checked here.
        warnings.simplefilter("ignore")
        return _decode(data, name)


def region(photo: Picture, box: Box, long_side: int = 1024) -> Picture:
    """The part of a photo that the model saw, at the resolution of the screen.

    Maps are drawn on this rather than on the model's own small view, so that the photo stays
    sharp and the borders of the patches fall on whole pixels of the screen. Small photos are
    enlarged (Lanczos), but at most eightfold.

    Args:
        photo: (H, W, 3) uint8.
        box: (left, top, right, bottom) in photo pixels, as `Prepared.box`; fractions are allowed.
        long_side: the longer side of the result in pixels.

    Returns:
        (h, w, 3) uint8 with max(h, w) <= long_side, in the proportions of the box.

    Raises:
        SettingError: a box outside the photo or without an area, or a long side below 1.
    """
    height, width = _check_picture(photo).shape[:2]
    left, top, right, bottom = (float(edge) for edge in box)
    if not (0 <= left < right <= width + 1e-3 and 0 <= top < bottom <= height + 1e-3):
        raise SettingError(
            f"The box {tuple(box)} does not lie in the photo of {width} x {height} px: "
            f"give left < right <= {width} and top < bottom <= {height}."
        )
    if long_side < 1:
        raise SettingError(f"A long side of {long_side} px shows nothing: give 1 or more.")
    # Cut out whole pixels first, so that a large photo is not copied for a small part of it.
    x, y = int(left), int(top)
    part = np.ascontiguousarray(photo[y : int(np.ceil(bottom)), x : int(np.ceil(right))])
    scale = min(long_side / max(right - left, bottom - top), MAX_ENLARGEMENT)
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    inner = (left - x, top - y, min(right - x, part.shape[1]), min(bottom - y, part.shape[0]))
    if size == (part.shape[1], part.shape[0]) and inner == (0, 0, *size):
        return part.copy() if np.shares_memory(part, photo) else part
    resized = Image.fromarray(part).resize(
        size, Image.Resampling.LANCZOS, box=inner, reducing_gap=3.0
    )
    return np.array(resized)


def _check_picture(picture: Picture) -> Picture:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise SettingError(
            f"A photo is (H, W, 3) uint8, this is {picture.shape} {picture.dtype}: "
            "open it with viz.open_image."
        )
    if 0 in picture.shape:
        raise SettingError(
            f"A photo has at least one pixel, this has none ({picture.shape}): "
            "open it with viz.open_image."
        )
    return picture


def _read(source: Source) -> tuple[bytes, str]:
    """The bytes, never more than are allowed, and what to call them in a sentence."""
    if isinstance(source, bytes | bytearray | memoryview):
        size = source.nbytes if isinstance(source, memoryview) else len(source)
        _check_bytes(size, "The file")
        return bytes(source), "The file"
    if isinstance(source, str | os.PathLike):
        return _read_path(source)
    if not callable(getattr(source, "read", None)):
        raise ImageError(
            f"No picture can be read from {type(source).__name__}: give the bytes of a file, its "
            "path or an open binary file."
        )
    try:
        if source.seekable():
            source.seek(0)
        data = source.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        raise ImageError("The file cannot be read any more: choose it again.") from None
    if not isinstance(data, bytes):
        raise ImageError('The file was opened as text: open it in binary mode ("rb").')
    _check_bytes(len(data), "The file")
    return data, "The file"


def _read_path(path: str | os.PathLike[str]) -> tuple[bytes, str]:
    # Only the last part of the path is shown: the rest may tell of the machine.
    name = os.path.basename(os.fspath(path)) or "The path"
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{name} is not a file: give the path of a picture.")
        _check_bytes(status.st_size, name)
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ImageError(f"There is no file {name}: check its name and folder.") from None
    except (OSError, ValueError):
        raise ImageError(f"{name} cannot be opened: check its name and permissions.") from None
    _check_bytes(len(data), name)  # it may have grown
    return data, name


def _check_bytes(size: int, name: str) -> None:
    if size > MAX_BYTES:
        raise ImageError(
            f"{name} has {_rounded_up(size)} MB, more than the {MAX_BYTES // 1_000_000} MB "
            "that are allowed: make the picture smaller or save it as JPEG."
        )


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name} has {width} x {height} pixels, {_rounded_up(width * height)} megapixels and "
            f"more than the {MAX_PIXELS // 1_000_000} that are allowed: make the picture smaller."
        )
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"{name} is only {width} x {height} px: choose a picture that is at least "
            f"{MIN_SIDE} px wide and high."
        )


def _rounded_up(number: int) -> str:
    """In millions with one decimal, never rounded down to the limit that was passed."""
    return f"{-(-number // 100_000) / 10:.1f}"


def _decode(data: bytes, name: str) -> Picture:
    if data[4:8] == b"ftyp":
        _register_heif()
    try:
        image = Image.open(io.BytesIO(data), formats=_formats())
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(name, str(error)) from None
    except Exception:
        raise _unreadable(data, name) from None
    with image:
        _check_size(image.size, name)
        try:
            return _to_rgb(_turned(image))
        except Image.DecompressionBombError as error:
            raise _too_many_pixels(name, str(error)) from None
        except ImageError:
            raise
        except Exception:
            # Decoders fail in a dozen ways (OSError, SyntaxError, struct.error, ...), and their
            # texts name objects by their address: none of it is for the person at the screen.
            raise _broken(data, name) from None


@cache
def _register_heif() -> None:
    """Teach Pillow HEIC, once, when the first file comes that may be one."""
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()


def _formats() -> list[str]:
    # Pillow refuses names that it does not know; HEIF is one until it is registered.
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _too_many_pixels(name: str, text: str) -> ImageError:
    pixels = re.search(r"\d+", text)
    count = f"{_rounded_up(int(pixels.group()))} megapixels, " if pixels else ""
    return ImageError(
        f"{name} has {count}more than the {MAX_PIXELS // 1_000_000} megapixels that are allowed: "
        "make the picture smaller."
    )


def _unreadable(data: bytes, name: str) -> ImageError:
    if _SIGNATURES.match(data):
        return _broken(data, name)
    return ImageError(
        f"{name} ({len(data):,} bytes) is not a picture that can be read: choose a {KINDS} file."
    )


def _broken(data: bytes, name: str) -> ImageError:
    return ImageError(
        f"{name} ({len(data):,} bytes) breaks off or is damaged: copy or download it again."
    )


def _turned(image: Image.Image) -> Image.Image:
    """The decoded first frame, upright."""
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken EXIF data are no reason to refuse sound pixels
        return image


def _to_rgb(image: Image.Image) -> Picture:
    if image.mode.startswith("I") or image.mode == "F":
        gray = _to_eight_bits(np.asarray(image))
        return np.repeat(gray[..., None], 3, axis=2)
    if image.has_transparency_data:
        layer = image.convert("LA" if image.mode == "La" else image.mode)
        layer = layer.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        image = Image.alpha_composite(white, layer)
    return np.array(image.convert("RGB"))


def _to_eight_bits(values: NDArray[np.generic]) -> Picture:
    """Bring a gray picture of more than 8 bits to 8, without clipping.

    16 bits are divided by 257, so that 65535 becomes 255. 32-bit integers and floats do not say
    their range: up to 1 (floats), 255 and 65535 are taken as full scale, and whatever lies
    outside is stretched from its least to its greatest value.
    """
    if values.dtype.itemsize == 2:
        return np.rint(values.astype(np.float32) / 257).astype(np.uint8)
    numbers = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if low >= 0 and high <= 65535:
        ceilings = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
        low, high = 0.0, next(ceiling for ceiling in ceilings if high <= ceiling)
    if high == low:
        return np.zeros(numbers.shape, np.uint8)
    return np.rint((numbers - low) * (255 / (high - low))).astype(np.uint8)
