"""A map and a photo -> a picture.

    Overlay(colormap="magma", opacity=0.6)(photo, heat)     # new (H, W, 3) uint8

Row r of a map with `rows` rows covers the picture's rows r * H / rows to (r + 1) * H / rows, and
so for the columns: what was one patch to the model is one rectangle in the picture. Scalars are
interpolated first and coloured after, so that every colour in the picture is one of the scale's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import matplotlib
import numpy as np
from heedmap.errors import SettingError
from heedmap.viz.maps import Map, Mask, _maps, normalise
from heedmap.viz.photo.picture import Picture, check_picture
from numpy.typing import ArrayLike, NDArray

Limits: TypeAlias = tuple[float, float]

# Worth offering: perceptual ones first, then those that papers use. Any other name that
# Matplotlib knows works too.
COLORMAPS = ("viridis", "magma", "inferno", "cividis", "turbo", "jet", "gray")
INTERPOLATIONS = ("nearest", "bilinear", "bicubic")

# Where patches are smaller than this, their borders would hide the picture.
_MIN_CELL = 5
# Brightness of red, green and blue (ITU-R BT.601).
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Overlay:
    """The settings of a picture; calling it draws one.

    Attributes:
        colormap: a name of `COLORMAPS`, or any other that Matplotlib knows.
        opacity: of the colours over the photo, 0 (photo only) to 1 (map only).
        interpolation: between patches, a name of `INTERPOLATIONS`. Bicubic is clipped to the
            map's own range, so it invents no value.
        limits: (low, high) of the colour scale, or None for each map's own range. Values outside
            take the colour of the nearer end.
        patch_grid: draw thin lines between the patches (left out where patches are under 5 px).

    Raises:
        SettingError: a setting that is unknown or out of range.
    """

    colormap: str = "viridis"
    opacity: float = 0.5
    interpolation: str = "nearest"
    limits: Limits | None = None
    patch_grid: bool = False

    def __post_init__(self) -> None:
        _check_colormap(self.colormap)
        _check_interpolation(self.interpolation)
        if not 0 <= self.opacity <= 1:
            raise SettingError(f"An opacity of {self.opacity} is out of range: choose 0 to 1.")
        if self.limits is not None:
            low, high = self.limits
            if not (np.isfinite(low) and np.isfinite(high) and low <= high):
                raise SettingError(
                    f"A colour scale from {low} to {high} cannot be drawn: "
                    "give two finite numbers, the lower first."
                )

    def __call__(self, base: Picture, heat: ArrayLike) -> Picture:
        """Draw a map over a photo.

        Args:
            base: (H, W, 3) uint8; not written to.
            heat: (rows, cols) of finite numbers.

        Returns:
            A new (H, W, 3) uint8.

        Raises:
            SettingError: arrays of another shape or kind.
        """
        check_picture(base)
        height, width = base.shape[:2]
        level = self._levels(heat, (height, width))  # (H, W)
        colours = _colours(self.colormap) * np.float32(self.opacity)  # (256, 3)
        mixed = np.take(colours, level, axis=0, mode="clip")  # (H, W, 3)
        mixed += base * np.float32(1 - self.opacity)
        picture = np.rint(mixed, out=mixed).astype(np.uint8)
        return grid_lines(picture, np.shape(heat)) if self.patch_grid else picture

    def limits_of(self, heat: ArrayLike) -> Limits:
        """The (low, high) that a map is drawn with: the overlay's own, else the map's range."""
        if self.limits is not None:
            return float(self.limits[0]), float(self.limits[1])
        values = _one_map(heat)
        return float(values.min()), float(values.max())

    def _levels(self, heat: ArrayLike, size: tuple[int, int]) -> NDArray[np.intp]:
        """Which of the 256 colours each pixel takes, chosen as Matplotlib does: (H, W)."""
        low, high = self.limits_of(heat)
        if self.interpolation == "nearest":  # colour patches, then enlarge: far fewer numbers
            level = _level(normalise(heat, low, high))
            return level[_cells(size[0], level.shape[0])][:, _cells(size[1], level.shape[1])]
        values = interpolate(heat, size, self.interpolation)
        span = high - low
        if span <= 0:
            return np.zeros(size, np.intp)
        values -= np.float32(low)
        values *= np.float32(1 / span)
        return _level(np.clip(values, 0, 1, out=values))


def _level(share: Map) -> NDArray[np.intp]:
    return np.asarray(np.minimum(share * np.float32(256), np.float32(255)), np.intp)


def interpolate(heat: ArrayLike, size: tuple[int, int], interpolation: str = "nearest") -> Map:
    """A map at the size of a picture.

    Patches sit at their centres and the edge patches reach to the edge (`align_corners=False`);
    "bicubic" is Keys' cubic convolution with a = -0.5. Where the picture has fewer pixels than
    the map has patches, "bilinear" and "bicubic" widen their kernel and so average.

    Args:
        heat: (rows, cols) of finite numbers.
        size: (H, W) of the result in pixels.
        interpolation: a name of `INTERPOLATIONS`.

    Returns:
        (H, W) float32, within the range of the map.

    Raises:
        SettingError: an unknown interpolation, a size below 1, or no finite map.
    """
    _check_interpolation(interpolation)
    values = _one_map(heat)
    height, width = _check_size(size)
    rows, cols = values.shape
    if interpolation == "nearest":
        return values[_cells(height, rows)][:, _cells(width, cols)]
    tall = _resampled(values, *_taps(height, rows, interpolation))  # (H, cols)
    drawn = _resampled(tall.T, *_taps(width, cols, interpolation)).T  # (H, W)
    return np.ascontiguousarray(np.clip(drawn, values.min(), values.max()))


def colorbar(colormap: str = "viridis", width: int = 256, height: int = 12) -> Picture:
    """A strip of a colour scale, low at the left: (height, width, 3) uint8.

    Raises:
        SettingError: an unknown colour map or a size below 1.
    """
    height, width = _check_size((height, width))
    strip = _colours(colormap)[np.arange(width) * 256 // width]
    return np.ascontiguousarray(np.broadcast_to(strip, (height, width, 3)))


def grid_lines(base: Picture, grid: tuple[int, ...]) -> Picture:
    """A picture with thin lines between the patches: dark on light ground, light on dark.

    Args:
        base: (H, W, 3) uint8; not written to.
        grid: (rows, cols).

    Returns:
        A new (H, W, 3) uint8; without lines where patches are narrower than 5 px.
    """
    height, width = check_picture(base).shape[:2]
    rows, cols = grid
    drawn = base.copy()
    if height / rows < _MIN_CELL or width / cols < _MIN_CELL:
        return drawn
    tops, lefts = _starts(height, rows), _starts(width, cols)
    lines = np.zeros((height, width), np.bool_)
    lines[tops[1:]] = True
    lines[:, lefts[1:]] = True
    # Light or dark for a patch as a whole: chosen for each pixel, the lines would be dotted.
    light = np.add.reduceat(np.add.reduceat(base @ LUMA, tops, axis=0), lefts, axis=1)
    light /= np.outer(np.diff(tops, append=height), np.diff(lefts, append=width))
    target = np.where(light < 128, np.float32(255), np.float32(0))  # (rows, cols)
    target = target[_cells(height, rows)][:, _cells(width, cols)][lines][:, None]
    under = base[lines].astype(np.float32)
    drawn[lines] = np.rint(under + (target - under) * np.float32(0.4)).astype(np.uint8)
    return drawn


def check_mask(mask: ArrayLike) -> Mask:
    """One mask as (rows, cols) bool.

    Raises:
        SettingError: another shape.
    """
    flags = np.asarray(mask, np.bool_)
    if flags.ndim != 2 or 0 in flags.shape:
        raise SettingError(
            f"A mask is (rows, cols) with at least one patch, this is {flags.shape}: "
            "pick a layer and a head."
        )
    return flags


def enlarge_mask(mask: ArrayLike, size: tuple[int, int]) -> Mask:
    """A mask (rows, cols) at the size (H, W) of a picture, patches pixel by pixel."""
    flags = check_mask(mask)
    height, width = _check_size(size)
    return flags[_cells(height, flags.shape[0])][:, _cells(width, flags.shape[1])]


def _check_colormap(name: str) -> None:
    if name not in matplotlib.colormaps:
        raise SettingError(
            f"There is no colour map {name!r}: choose one of {', '.join(COLORMAPS)}."
        )


def _check_interpolation(name: str) -> None:
    if name not in INTERPOLATIONS:
        raise SettingError(
            f"There is no interpolation {name!r}: choose one of {', '.join(INTERPOLATIONS)}."
        )


def _check_size(size: tuple[int, int]) -> tuple[int, int]:
    height, width = size
    if height < 1 or width < 1:
        raise SettingError(
            f"A picture of {width} x {height} px cannot be drawn: give at least 1 x 1."
        )
    return int(height), int(width)


def _one_map(heat: ArrayLike) -> Map:
    values = _maps(heat)
    if values.ndim != 2:
        raise SettingError(
            f"One map (rows, cols) is drawn at a time, this is {values.shape}: "
            "pick a layer and a head."
        )
    return values.astype(np.float32)


@lru_cache(maxsize=64)
def _colours(name: str) -> NDArray[np.uint8]:
    """The 256 colours of a colour map, (256, 3) uint8, as Matplotlib draws them."""
    _check_colormap(name)
    colours = matplotlib.colormaps[name](np.linspace(0, 1, 256), bytes=True)[:, :3].copy()
    colours.setflags(write=False)  # shared by all who draw
    return np.asarray(colours, np.uint8)


@lru_cache(maxsize=64)
def _cells(pixels: int, cells: int) -> NDArray[np.intp]:
    """The cell that the centre of each pixel lies in: (pixels,)."""
    index = (2 * np.arange(pixels) + 1) * cells // (2 * pixels)
    index.setflags(write=False)
    return index


def _starts(pixels: int, cells: int) -> NDArray[np.intp]:
    """The first pixel of each cell (for cells of at least one pixel): (cells,)."""
    return np.searchsorted(_cells(pixels, cells), np.arange(cells))


@lru_cache(maxsize=64)
def _taps(
    pixels: int, cells: int, interpolation: str
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Which cells each pixel mixes along one axis, and how much of each: two (taps, pixels).

    The weights of a pixel sum to 1; what lies beyond the edge has none. Few taps are faster than
    a product of matrices, which would also wake the threads of BLAS.
    """
    widening = max(cells / pixels, 1.0)
    kernel, reach = (_linear, 1) if interpolation == "bilinear" else (_cubic, 2)
    centres = (np.arange(pixels) + 0.5) * cells / pixels - 0.5  # in cells, 0 at the first centre
    taps = math.ceil(2 * reach * widening)
    first = np.floor(centres - reach * widening).astype(np.intp) + 1
    index = first + np.arange(taps)[:, None]
    weights = kernel(np.abs(index - centres) / widening)
    weights[(index < 0) | (index >= cells)] = 0
    weights = (weights / weights.sum(axis=0)).astype(np.float32)
    index = index.clip(0, cells - 1)
    index.setflags(write=False)
    weights.setflags(write=False)
    return index, weights


def _resampled(values: Map, index: NDArray[np.intp], weights: NDArray[np.float32]) -> Map:
    """Values along the first axis mixed by taps: (cells, n) -> (pixels, n)."""
    total = np.zeros((index.shape[1], values.shape[1]), np.float32)
    for cell, weight in zip(index, weights, strict=True):
        total += values[cell] * weight[:, None]
    return total


def _linear(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(1 - distance, 0)


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cubic convolution (Keys 1981) with a = -0.5, exact for polynomials of second degree."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))
