"""What a photo is everywhere in Heedmap: an (H, W, 3) uint8 array, RGB."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from heedmap.errors import SettingError
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]


def check_picture(picture: Any) -> Picture:
    """Return the array as it is, if it is a photo.

    Raises:
        SettingError: anything but an (H, W, 3) uint8 array with at least one pixel.
    """
    if not isinstance(picture, np.ndarray):
        raise SettingError(
            f"A photo is an (H, W, 3) uint8 array, not {type(picture).__name__}: "
            "open it with viz.open_image."
        )
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
