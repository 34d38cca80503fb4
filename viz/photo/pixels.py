"""A decoded image of any mode -> an upright RGB array, piece by piece.

Pixels are processed a million at a time, so that a photo of 64 megapixels needs no more memory than
its decoded form and the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from heedmap.viz.photo.colour import Recolour, to_srgb
from heedmap.viz.photo.picture import Picture
from numpy.typing import NDArray
from PIL import Image

Box = tuple[int, int, int, int]
Scale = Callable[[NDArray[np.generic]], Picture]

_PIECE = 1 << 20  # pixels
_ORIENTATION = 0x0112  # EXIF tag
# EXIF orientation -> the pixels of the upright photo, seen in the order that the file has them in.
_AS_STORED: dict[int, Callable[[NDArray[np.void]], NDArray[np.void]]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.T,
    6: lambda upright: upright.T[::-1],
    7: lambda upright: upright.T[::-1, ::-1],
    8: lambda upright: upright.T[:, ::-1],
}


def to_rgb(image: Image.Image) -> Picture:
    """Return the photo upright, in sRGB, on white where it is transparent, with 8 bits.

    Args:
        image: loaded, of any mode.

    Returns:
        (H, W, 3) uint8, contiguous.
    """
    width, height = image.size
    orientation = _orientation(image)
    shape = (width, height) if orientation >= 5 else (height, width)
    upright = np.empty((*shape, 3), np.uint8)
    stored = _AS_STORED[orientation](_whole_pixels(upright))
    scale, recolour = _scale(image), to_srgb(image)
    for box in _pieces(image.size):
        left, top, right, bottom = box
        piece = _piece_to_rgb(image.crop(box), scale, recolour)
        stored[top:bottom, left:right] = _whole_pixels(piece)
    return upright


def _whole_pixels(picture: Picture) -> NDArray[np.void]:
    """(H, W, 3) uint8 as (H, W) of three bytes each, which NumPy copies several times faster."""
    pixels: NDArray[np.void] = np.ascontiguousarray(picture).view("V3")[..., 0]
    return pixels


def _pieces(size: tuple[int, int]) -> Iterator[Box]:
    width, height = size
    wide = min(width, _PIECE)
    high = max(1, _PIECE // wide)
    for top in range(0, height, high):
        for left in range(0, width, wide):
            yield left, top, min(left + wide, width), min(top + high, height)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # broken EXIF data do not matter to the pixels
        return 1
    return orientation if orientation in _AS_STORED else 1


def _piece_to_rgb(piece: Image.Image, scale: Scale, recolour: Recolour) -> Picture:
    if _is_deep(piece):
        piece = _shallow(piece, scale)
    elif piece.has_transparency_data:
        piece = piece.convert("LA" if piece.mode == "La" else piece.mode).convert("RGBA")
    piece = recolour(piece)
    if piece.mode == "RGBA":
        white = Image.new("RGBA", piece.size, "white")
        piece = Image.alpha_composite(white, piece).convert("RGB")
    return np.asarray(piece)


def _is_deep(image: Image.Image) -> bool:
    """Whether a gray image has more than 8 bits."""
    return image.mode.startswith("I") or image.mode == "F"


def _shallow(piece: Image.Image, scale: Scale) -> Image.Image:
    """A gray piece of more than 8 bits as L, or as RGBA where one of its values is transparent."""
    values = np.asarray(piece)
    gray = Image.fromarray(scale(values))
    if "transparency" not in piece.info:
        return gray
    gray = gray.convert("RGBA")
    gray.putalpha(
        Image.fromarray(np.where(values == piece.info["transparency"], 0, 255).astype("u1"))
    )
    return gray


def _scale(image: Image.Image) -> Scale:
    """Return a function that brings the values of a gray image to 8 bits, without clipping.

    16 bits are divided by 257, so that 65535 becomes 255. 32-bit integers and floats do not say
    their range: up to 1 (floats), 255 and 65535 are taken as full scale; other ranges
    are stretched from their least to their greatest value.
    """
    if image.mode not in ("I", "F"):
        return lambda values: np.rint(values.astype(np.float32) / 257).astype(np.uint8)
    parts = (_finite(np.asarray(image.crop(box))) for box in _pieces(image.size))
    extremes = [(float(part.min()), float(part.max())) for part in parts]
    low, high = min(low for low, _ in extremes), max(high for _, high in extremes)
    if low >= 0 and high <= 65535:
        ceilings = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
        low, high = 0.0, next(ceiling for ceiling in ceilings if high <= ceiling)
    return partial(_stretched, low=low, high=high)


def _stretched(values: NDArray[np.generic], low: float, high: float) -> Picture:
    if high == low:
        return np.zeros(values.shape, np.uint8)
    return np.rint((_finite(values) - low) * (255 / (high - low))).astype(np.uint8)


def _finite(values: NDArray[np.generic]) -> NDArray[np.float64]:
    return np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
