"""Bytes -> a decoded Pillow image, checked for its size before its pixels are touched."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import Any

from heedmap.viz.photo.explain import explained
from heedmap.viz.photo.limits import check_size
from PIL import Image, WebPImagePlugin

# All other formats of Pillow are refused: EPS would start Ghostscript, a JPEG 2000 of 150
# bytes takes gigabytes, and nobody takes photos in SPIDER. MPO (two JPEGs in a row, as phones
# write it) comes in through JPEG.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF", "TIFF", "BMP", "DIB")

_PNG_DEPTH = 24  # where a PNG states its bits for each sample
# Where a file states its colours (ITU-T H.273), in its header: the first bytes.
_STATED = {"AVIF": rb"colrnclx(..)(..)", "PNG": rb"\0\0\0\x04cICP(.)(.)"}
_HEADER = 1 << 16


def decode(data: bytes, name: str) -> Image.Image:
    """Decode the first frame of a file, in the mode and the orientation that it is stored in.

    Args:
        data: the bytes of the file.
        name: what to call it in a sentence.

    Raises:
        ImageError: not a picture, cut off, too large or too small.
    """
    if data[4:8] == b"ftyp":
        register_heif()
    with explained(data, name):
        image: Image.Image = Image.open(io.BytesIO(data), formats=_formats())
        check_size(image, name)
        image = _loaded(image)
        check_size(image, name)  # HEIC may reveal its size only now
        if image.format in _STATED:
            image.info["nclx_profile"] = _stated(data, _STATED[image.format])
        if image.format == "PNG" and "transparency" in image.info:
            image.info["transparency"] = _transparency(image, data[_PNG_DEPTH])
        return image


def _loaded(image: Image.Image) -> Image.Image:
    """Read the pixels; use only the returned image afterwards.

    Pillow's WebP decoder keeps two canvases of the photo's size while Pillow copies a third into
    the image, more than 1 GB for 64 megapixels: free them first. Pillow has no public way to do so:
    `load` copies while the decoder lives, and `close` drops the decoder with the pixels unread.
    """
    if isinstance(image, WebPImagePlugin.WebPImageFile) and image._decoder:
        pixels = image._get_next()[0]
        image._decoder = None
        frame = Image.frombuffer(image.mode, image.size, pixels, "raw", image.rawmode, 0, 1)
        frame.info = image.info
        return frame
    image.load()
    return image


def _stated(data: bytes, pattern: bytes) -> dict[str, int]:
    """The colour primaries and transfer function of a file, which Pillow does not report."""
    found = re.search(pattern, data[:_HEADER], re.DOTALL)
    names = ("color_primaries", "transfer_characteristics")
    numbers = [int.from_bytes(part, "big") for part in found.groups()] if found else []
    return dict(zip(names, numbers, strict=False))


def _transparency(image: Image.Image, bits: int) -> Any:
    """A PNG's transparent colour on the scale of the pixels, where Pillow leaves it on its own."""
    stated = image.info["transparency"]
    if image.mode == "L" and bits < 8:
        return stated * 255 // (2**bits - 1)
    if image.mode == "RGB" and bits == 16:
        return tuple(value >> 8 for value in stated)
    return stated


@cache
def register_heif() -> None:
    """Let Pillow open HEIC; done once, for the first file that may be HEIC."""
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()


def _formats() -> list[str]:
    # Pillow refuses names that it does not know; HEIF is one until it is registered.
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]
