"""Pictures as the bytes of files: fast, and the same bytes for the same picture."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from heedmap.errors import SettingError, short
from heedmap.viz import checks
from heedmap.viz.photo.picture import Picture
from PIL import Image
from PIL.PngImagePlugin import PngInfo


def encode_png(picture: Picture, about: str = "") -> bytes:
    """A picture (H, W, 3) or (H, W) uint8 as PNG, lossless, compressed quickly.

    Args:
        picture: the picture.
        about: what it shows, kept in the file as its "Description".

    Raises:
        SettingError: another shape or kind.
    """
    told = PngInfo()
    if checks.text(about, "What a picture shows"):
        told.add_itxt("Description", about)
    return _encode(picture, "PNG", compress_level=1, pnginfo=told)


def encode_jpeg(picture: Picture, quality: int = 90) -> bytes:
    """A picture (H, W, 3) or (H, W) uint8 as JPEG, without colour subsampling.

    Overlays have sharp coloured borders, which subsampling would smear.

    Raises:
        SettingError: another shape or kind, or a quality outside 1..95.
    """
    sentence = "A JPEG quality of {} is out of range: choose a whole number from 1 to 95."
    level = checks.whole(quality, sentence, 1, 95)
    return _encode(picture, "JPEG", quality=level, subsampling=0)


def zip_pngs(pictures: Mapping[str, Picture], about: Mapping[str, str] | None = None) -> bytes:
    """Pictures as PNG files in one ZIP, in their order.

    Args:
        pictures: {file name: (H, W, 3) uint8}; ".png" is added to names that lack it.
        about: {file name: what it shows}, see `encode_png`; names may be left out.

    Returns:
        The bytes of the ZIP; the files are stored, as PNG is compressed already.

    Raises:
        SettingError: a name with a folder in it or one that comes twice, or no picture.
    """
    if not isinstance(pictures, Mapping):
        raise SettingError(
            f"A ZIP is made of {{name: picture}}, this is {short(pictures)}: give a dict."
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, picture in pictures.items():
            file = _file_name(name, archive.namelist())
            # The current date would make every ZIP different; this is the earliest that ZIP knows.
            entry = zipfile.ZipInfo(file, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, encode_png(picture, (about or {}).get(name, "")))
    return buffer.getvalue()


def _file_name(name: str, taken: Sequence[str]) -> str:
    """The name with ".png", checked: without folders, and not taken yet."""
    text = checks.text(name, "The name of a picture")
    file = text if text.lower().endswith(".png") else f"{text}.png"
    if file == ".png" or "/" in file or "\\" in file or file in taken:
        raise SettingError(
            f"A ZIP cannot hold a file {short(name)} here: give each picture a name of its "
            "own, without folders."
        )
    return file


def _encode(picture: Picture, kind: str, **settings: Any) -> bytes:
    """The bytes of a picture in one of Pillow's formats."""
    fits = isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and 0 not in picture.shape
    if not fits or (picture.ndim != 2 and (picture.ndim != 3 or picture.shape[2] != 3)):
        raise SettingError(
            f"A picture is (H, W, 3) or (H, W) uint8, this is {short(picture)}: "
            "draw it with viz.Overlay."
        )
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **settings)
    return buffer.getvalue()
