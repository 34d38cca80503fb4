"""Maps and masks at the size of a picture.

Row r of a map with `rows` rows covers the picture's rows r * H / rows to (r + 1) * H / rows, and
the same for the columns: what was one patch to the model is one rectangle in the picture.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from heedmap.viz import checks
from heedmap.viz.maps import Map, Mask
from numpy.typing import ArrayLike, NDArray
from PIL import Image

INTERPOLATIONS = ("nearest", "bilinear", "bicubic")
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def check_interpolation(name: str) -> str:
    """A name of `INTERPOLATIONS`.

    Raises:
        SettingError: any other.
    """
    return checks.choice(name, INTERPOLATIONS, "interpolation")


def interpolate(heat: ArrayLike, size: tuple[int, int], interpolation: str = "nearest") -> Map:
    """A map at the size of a picture.

    Patches sit at their centres and the edge patches reach to the edge (`align_corners=False`);
    "bicubic" is Keys' cubic convolution (1981) with a = -0.5, clipped to the map's own range.
    Where the picture has fewer pixels than the map has patches, "bilinear" and "bicubic" widen
    their kernels and so average (antialiasing). Both are Pillow's.

    Args:
        heat: (rows, cols) of finite numbers.
        size: (H, W) of the result in pixels.
        interpolation: a name of `INTERPOLATIONS`.

    Returns:
        (H, W) float32, within the range of the map.

    Raises:
        SettingError: an unknown interpolation, a size below 1, or no finite map.
    """
    check_interpolation(interpolation)
    values = checks.one_map(heat).astype(np.float32)
    height, width = checks.size(size)
    if interpolation == "nearest":
        return enlarge(values, (height, width))
    image = Image.fromarray(values).resize((width, height), _FILTERS[interpolation])
    drawn: Map = np.clip(np.asarray(image), values.min(), values.max())  # (H, W)
    return drawn


def enlarge_mask(mask: ArrayLike, size: tuple[int, int]) -> Mask:
    """A mask (rows, cols) bool at the size (H, W) of a picture, (H, W) bool.

    Raises:
        SettingError: no mask, or a size below 1.
    """
    return enlarge(checks.one_mask(mask), checks.size(size))


def enlarge(cells: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """(rows, cols) -> (H, W): every pixel takes the value of the cell that its centre lies in."""
    rows, cols = cells.shape
    return cells.take(_cell_of(size[1], cols), axis=1).take(_cell_of(size[0], rows), axis=0)


def borders(pixels: int, cells: int) -> NDArray[np.intp]:
    """The first pixel of each cell but the first, for cells of at least one pixel: (cells - 1,)."""
    return np.searchsorted(_cell_of(pixels, cells), np.arange(1, cells))


@lru_cache(maxsize=64)
def _cell_of(pixels: int, cells: int) -> NDArray[np.intp]:
    """The cell that the centre of each pixel lies in: (pixels,)."""
    index = (2 * np.arange(pixels) + 1) * cells // (2 * pixels)
    index.setflags(write=False)  # shared by all callers
    return index
