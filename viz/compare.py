"""Two maps against each other: on a common grid, as shares per area, with numbers.

    common = common_grid(first, second, (x1.box, x2.box))     # two maps, one grid, one region
    difference(common.first, common.second)                   # (rows, cols), signed
    rank_correlation(common.first, common.second)             # -1 to 1
    mask_overlap(common.first, common.second, keep=0.6)            # Jaccard, and what chance gives

Pure NumPy. No map is written to; values that are not finite are refused.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from heedmap.errors import SettingError, short
from heedmap.viz import checks
from heedmap.viz.maps import Map, threshold_mask
from numpy.typing import ArrayLike, NDArray

Box: TypeAlias = tuple[float, float, float, float]

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
_DIGITS = 12  # of a share of a cell; equal shares stay equal, so that ties stay ties


class Common(NamedTuple):
    """Two maps on one grid, (rows, cols) float32 each, and the region that both show."""

    first: Map
    second: Map
    box: Box


class MaskOverlap(NamedTuple):
    """How much two masks share (Jaccard), and how much two random ones of their sizes would."""

    share: float
    chance: float


def regrid(heat: ArrayLike, grid: tuple[int, int], part: Box = WHOLE) -> Map:
    """A part of a map on another grid: each new cell is the mean of what it covers, by area.

    A value stands for all of its cell, so the mean times the area, the mass, is kept exactly:
    nothing is interpolated, and a finer grid invents no detail.

    Args:
        heat: (rows, cols).
        grid: (rows, cols) of the result.
        part: (left, top, right, bottom) as fractions of the map.

    Returns:
        (rows, cols) float32.

    Raises:
        SettingError: no map, a grid below 1 x 1, or a part outside the map or without an area.
    """
    values = checks.one_map(heat)
    rows, cols = checks.grid(grid)
    left, top, right, bottom = _part(part)
    down = _shares(values.shape[0], top, bottom, rows)  # (new rows, rows)
    across = _shares(values.shape[1], left, right, cols)  # (new cols, cols)
    return np.ascontiguousarray(down @ values @ across.T, np.float32)


def common_grid(
    first: ArrayLike, second: ArrayLike, boxes: tuple[Box, Box] = (WHOLE, WHOLE)
) -> Common:
    """Two maps on a grid that both fit: over the region that both show, as fine as the finer one.

    Args:
        first, second: (rows, cols) each.
        boxes: the region (left, top, right, bottom) that each shows, in one unit, such as
            `Prepared.box` in px of one photo; by default both show the same.

    Raises:
        SettingError: no maps, a box without an area, or regions that do not meet.
    """
    maps = [checks.one_map(heat) for heat in (first, second)]
    own = [_box(box) for box in boxes]
    shared = _meet(*own)
    parts = [_within(shared, box) for box in own]
    cells = [_cells(heat.shape, part) for heat, part in zip(maps, parts, strict=True)]
    grid = (max(rows for rows, _ in cells), max(cols for _, cols in cells))
    found = [regrid(heat, grid, part) for heat, part in zip(maps, parts, strict=True)]
    return Common(found[0], found[1], shared)


def per_area(heat: ArrayLike) -> Map:
    """The share of a map's mass that each patch holds, over its share of the area.

    1 is what every patch would hold of mass that is spread evenly, on whatever grid. A map
    without mass stays 0.

    Args:
        heat: (rows, cols), no negative values.

    Returns:
        (rows, cols) float32, 0 to rows * cols.

    Raises:
        SettingError: no map, or values that are negative or not finite.
    """
    values = checks.one_map(heat, negative=False)
    mass = values.sum()
    return np.asarray(values * (values.size / mass if mass > 0 else 0.0), np.float32)


def difference(first: ArrayLike, second: ArrayLike) -> Map:
    """How much more of its mass the first map has in each patch than the second, per area.

    Args:
        first, second: (rows, cols) of one grid, no negative values; see `common_grid`.

    Returns:
        (rows, cols) float32: `per_area` of the first less that of the second.

    Raises:
        SettingError: maps of unlike grids, or values that are negative or not finite.
    """
    _alike(first, second)
    return per_area(first) - per_area(second)


def rank_correlation(first: ArrayLike, second: ArrayLike) -> float | None:
    """Spearman's rank correlation: whether two maps put the patches in one order, -1 to 1.

    The correlation of the ranks, equal values sharing the mean of theirs (C. Spearman, "The Proof
    and Measurement of Association between Two Things", 1904).

    Args:
        first, second: (rows, cols) of one grid; see `common_grid`.

    Returns:
        The correlation; None where a map is constant and so has no order.

    Raises:
        SettingError: maps of unlike grids.
    """
    ranks = [_ranks(heat) for heat in _alike(first, second)]
    spreads = [rank - rank.mean() for rank in ranks]
    scale = np.sqrt(np.prod([(spread**2).sum() for spread in spreads]))
    return float((spreads[0] * spreads[1]).sum() / scale) if scale > 0 else None


def mask_overlap(first: ArrayLike, second: ArrayLike, keep: float = 0.6) -> MaskOverlap:
    """What the masks of two maps share: patches in both over patches in either (Jaccard 1901).

    Masks of p and q of the area placed at random share pq / (p + q - pq), by the expected numbers
    of patches; for k of N patches each, k / (2N - k).

    Args:
        first, second: (rows, cols) of one grid, no negative values; see `common_grid`.
        keep: the share of its mass that each mask holds; see `threshold_mask`.

    Raises:
        SettingError: maps of unlike grids, a share out of range, or negative values.
    """
    one, other = (threshold_mask(heat, keep) for heat in _alike(first, second))
    both, either = int((one & other).sum()), int((one | other).sum())
    p, q = float(one.mean()), float(other.mean())
    if not either:
        return MaskOverlap(0.0, 0.0)
    return MaskOverlap(both / either, p * q / (p + q - p * q))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rank of each value from 1, equal values sharing the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(mean[which.ravel()], np.float64)


def _shares(old: int, low: float, high: float, new: int) -> NDArray[np.float64]:
    """Which share of each of `new` cells lies in each of `old` ones, along one axis: (new, old)."""
    edges = np.linspace(low * old, high * old, new + 1)  # in old cells
    left, right = edges[:-1, None], edges[1:, None]
    cells = np.arange(old)
    covered = np.clip(np.minimum(right, cells + 1) - np.maximum(left, cells), 0, None)
    return np.asarray(np.round(covered / (right - left), _DIGITS), np.float64)


def _cells(shape: tuple[int, ...], part: Box) -> tuple[int, int]:
    """How many rows and columns of a map lie in a part of it, to the nearest."""
    left, top, right, bottom = part
    rows, cols = shape[0] * (bottom - top), shape[1] * (right - left)
    return max(1, round(rows)), max(1, round(cols))


def _meet(one: Box, other: Box) -> Box:
    """The region that lies in both."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    if not (left < right and top < bottom):
        raise SettingError(
            "The maps show regions {one} and {other}, which do not meet: show the whole photo "
            "in both.",
            one=short(one),
            other=short(other),
        )
    return left, top, right, bottom


def _within(region: Box, box: Box) -> Box:
    """A region inside a box as fractions of the box."""
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    return (
        (region[0] - left) / wide,
        (region[1] - top) / high,
        (region[2] - left) / wide,
        (region[3] - top) / high,
    )


def _box(value: Any) -> Box:
    sentence = "A region {} has no area: give (left, top, right, bottom), left < right."
    items = checks.listed(value, "The edges of a region")
    if len(items) != 4:
        raise SettingError(sentence.format(short(value)))
    left, right = checks.pair((items[0], items[2]), sentence, _rises)
    top, bottom = checks.pair((items[1], items[3]), sentence, _rises)
    return left, top, right, bottom


def _part(value: Any) -> Box:
    box = _box(value)
    if min(box) < 0 or max(box) > 1:
        raise SettingError(
            "A part {value} lies outside the map: give fractions.", value=short(value)
        )
    return box


def _rises(low: float, high: float) -> bool:
    return bool(np.isfinite([low, high]).all()) and low < high


def _alike(first: ArrayLike, second: ArrayLike) -> list[NDArray[np.float64]]:
    maps = [checks.one_map(heat) for heat in (first, second)]
    if maps[0].shape != maps[1].shape:
        raise SettingError(
            "Maps of {first} and {second} patches cannot be compared patch by patch: bring "
            "them on one grid with viz.common_grid.",
            first=maps[0].shape,
            second=maps[1].shape,
        )
    return maps
