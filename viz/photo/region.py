"""The part of a photo that a model saw, at the resolution of the screen.

shown = region(photo, prepared.box)           # (h, w, 3) uint8
shown = enlarged(prepared.view)               # the same in the model's own pixels
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from heedmap.errors import SettingError, short
from heedmap.viz import checks
from heedmap.viz.photo.picture import Picture
from PIL import Image

Box: TypeAlias = tuple[float, float, float, float]

# A photo smaller than the screen is enlarged at most this often: 128 px fill 1024 px.
MAX_ENLARGEMENT = 8


def region(photo: Picture, box: Box, long_side: int = 1024) -> Picture:
    """Cut a box out of a photo and resize it for the screen.

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
        SettingError: no photo, a box outside it or without an area, or a long side below 1.
    """
    photo = checks.picture(photo)
    height, width = photo.shape[:2]
    left, top, right, bottom = _check_box(box, width, height)
    _check_long_side(long_side)
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


def enlarged(view: Picture, long_side: int = 1024) -> Picture:
    """What a model saw, in its own pixels: each a square, as large as the screen takes.

    Args:
        view: (H, W, 3) uint8, as `Prepared.view`.
        long_side: of the result at most, in pixels.

    Returns:
        (h, w, 3) uint8.

    Raises:
        SettingError: no picture, or a long side below 1.
    """
    view = checks.picture(view)
    _check_long_side(long_side)
    times = max(1, round(long_side / max(view.shape[:2])))
    return fit_within(view.repeat(times, axis=0).repeat(times, axis=1), long_side)


def fit_within(picture: Picture, long_side: int) -> Picture:
    """A picture (H, W, 3) uint8, shrunk so that its long side is at most `long_side` px."""
    height, width = picture.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX, reducing_gap=2))


def _check_box(box: Any, width: int, height: int) -> Box:
    try:
        left, top, right, bottom = (float(edge) for edge in box)
    except (TypeError, ValueError):
        raise SettingError(
            f"The box {short(box)} is not four numbers: give (left, top, right, bottom) in px."
        ) from None
    if not (0 <= left < right <= width + 1e-3 and 0 <= top < bottom <= height + 1e-3):
        raise SettingError(
            f"The box {tuple(box)} does not lie in the photo of {width} x {height} px: "
            f"give left < right <= {width} and top < bottom <= {height}."
        )
    return left, top, right, bottom


def _check_long_side(long_side: Any) -> None:
    if not isinstance(long_side, int | np.integer):
        raise SettingError(
            f"A long side of {short(long_side)} is not a number of px: give 1 or more."
        )
    if long_side < 1:
        raise SettingError(f"A long side of {long_side} px shows nothing: give 1 or more.")
