"""Masks, means and outliers of maps. Pure NumPy.

Every function takes arrays (..., rows, cols) with any number of leading axes, leaves them
unchanged and returns float32 or bool. Sums and orders are computed in float64. Values that are not
finite are refused, so no NaN comes out.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from heedmap.errors import SettingError
from heedmap.viz import checks
from numpy.typing import ArrayLike, NDArray

Map: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]

# A normal distribution's standard deviation over its median absolute deviation.
_SIGMA_PER_MAD = 1.4826


class Patch(NamedTuple):
    """A patch of the grid and the share of the map's mass that it holds, 0..1."""

    row: int
    col: int
    share: float


def threshold_mask(attention: ArrayLike, keep: float = 0.6) -> Mask:
    """The smallest set of patches that holds a share of each map's mass.

    DINO's rule (Caron et al. 2021, `visualize_attention.py`): the values sorted ascending, divided
    by their sum and cumulated; kept where the cumulated mass exceeds 1 - keep. Of equal values
    the later in reading order are kept first.

    Args:
        attention: (..., rows, cols), no negative values.
        keep: the share of the mass, 0 < keep <= 1.

    Returns:
        (..., rows, cols) bool. A map without mass keeps nothing; any other at least one patch.

    Raises:
        SettingError: keep outside (0, 1], or values that are negative or not finite.
    """
    sentence = "A share of {} cannot be kept: choose one above 0 and up to 1."
    share = checks.number(keep, sentence, lambda keep: 0 < keep <= 1)
    maps = checks.maps(attention, negative=False)
    flat = maps.reshape(-1, maps.shape[-2] * maps.shape[-1])  # (maps, patches)
    mass = flat.sum(axis=1, keepdims=True)
    order = np.argsort(flat, axis=1, kind="stable")
    ascending = np.take_along_axis(flat, order, axis=1)
    cumulated = np.cumsum(ascending / np.where(mass > 0, mass, 1), axis=1)
    kept = cumulated > 1 - share
    kept[:, -1] = mass[:, 0] > 0  # rounding may lose a tiny share: the strongest patch stays
    mask = np.empty_like(kept)
    np.put_along_axis(mask, order, kept, axis=1)
    return mask.reshape(maps.shape)


def area(mask: ArrayLike) -> Map:
    """The share of the grid that each mask covers: (..., rows, cols) bool -> (...) float32."""
    return np.asarray(checks.masks(mask).mean(axis=(-2, -1)), np.float32)


def head_mean(attention: ArrayLike) -> Map:
    """The mean over heads: (..., heads, rows, cols) -> (..., rows, cols) float32.

    Raises:
        SettingError: fewer than three axes, or values that are not finite.
    """
    maps = checks.maps(attention)
    if maps.ndim < 3:
        raise SettingError(
            f"A mean over heads needs (heads, rows, cols), this is {maps.shape}: "
            "give the maps of all heads."
        )
    return _map(maps.mean(axis=-3))


def strongest_patch(attention: ArrayLike) -> Patch:
    """The patch with the greatest value of one map, the first in reading order among equals.

    Args:
        attention: (rows, cols), no negative values.

    Returns:
        Its row, its column and its share of the sum over all patches (0 for a map without mass).

    Raises:
        SettingError: more than one map, or values that are negative or not finite.
    """
    heat = checks.one_map(attention, negative=False)
    row, col = np.unravel_index(int(heat.argmax()), heat.shape)
    mass = float(heat.sum())
    return Patch(int(row), int(col), float(heat[row, col]) / mass if mass > 0 else 0.0)


def outliers(attention: ArrayLike, deviations: float = 10.0, contrast: float = 4.0) -> Mask:
    """Patches far above the rest of their map and far above their own neighbours.

    Large ViTs without registers use a few background patches as scratch memory. Attention to these
    says nothing about the picture (Darcet et al. 2024, "Vision Transformers Need Registers"). The
    paper finds them by the norm of their tokens, see `norm_outliers`; recorded attention has no
    norms, so this rule looks at the map instead, and takes sharp peaks for outliers too. A patch is
    an outlier if its value is

    - above median + deviations * sigma of its map, sigma = 1.4826 * median absolute deviation
      (robust: the outliers themselves do not move it), and
    - above contrast * the median of its up to eight neighbours. Objects cover several patches
      that rise together; outliers come alone or in twos and threes.

    If they would hold all the mass of a map, none of its patches is an outlier.

    Args:
        attention: (..., rows, cols), no negative values.
        deviations: how many robust standard deviations above the median, >= 0.
        contrast: how many times the neighbours' median, >= 1.

    Returns:
        (..., rows, cols) bool.

    Raises:
        SettingError: a setting out of range, or values that are negative or not finite.
    """
    sentence = (
        "Outliers cannot be found with (deviations, contrast) {}: "
        "choose deviations of 0 or more and a contrast of 1 or more, both finite."
    )
    sigmas, times = checks.pair(
        (deviations, contrast), sentence, lambda d, c: 0 <= d < math.inf and 1 <= c < math.inf
    )
    maps = checks.maps(attention, negative=False)
    if maps.shape[-1] * maps.shape[-2] == 1:
        return np.zeros(maps.shape, np.bool_)
    median = np.median(maps, axis=(-2, -1), keepdims=True)
    mad = np.median(np.abs(maps - median), axis=(-2, -1), keepdims=True)
    far = maps > median + sigmas * _SIGMA_PER_MAD * mad
    alone = maps > times * np.nanmedian(_neighbours(maps), axis=0)
    found = far & alone
    left = np.where(found, 0, maps).sum(axis=(-2, -1), keepdims=True)
    return np.asarray(found & (left > 0), np.bool_)


def hide_outliers(
    attention: ArrayLike,
    deviations: float = 10.0,
    contrast: float = 4.0,
    *,
    hidden: ArrayLike | None = None,
) -> tuple[Map, Mask]:
    """Set the outliers of each map to 0 and scale the rest up to the same mass.

    Say so in the picture (`viz.label`) wherever such a map is shown.

    Args:
        attention, deviations, contrast: as for `outliers`.
        hidden: (rows, cols) bool, or any shape that broadcasts to the maps, which patches are
            outliers, such as `norm_outliers` has them; found by `outliers` by default. Where they
            hold all the mass of a map, nothing of it is hidden.

    Returns:
        The maps (..., rows, cols) float32, and the mask (..., rows, cols) of what was hidden.

    Raises:
        SettingError: as for `outliers`, or a mask of another grid.
    """
    found = outliers(attention, deviations, contrast) if hidden is None else checks.masks(hidden)
    maps = checks.maps(attention, negative=False)
    if found.shape[-2:] != maps.shape[-2:]:
        raise SettingError(
            f"Outliers of a grid of {found.shape[-2:]} do not fit one of {maps.shape[-2:]}: "
            "find them in the same photo."
        )
    rest = np.where(found, 0, maps)
    mass, left = (a.sum(axis=(-2, -1), keepdims=True) for a in (maps, rest))
    scaled = np.where(left > 0, rest * (mass / np.where(left > 0, left, 1)), maps)
    return _map(scaled), np.broadcast_to(found, maps.shape) & (left > 0)


def _map(values: Any) -> Map:
    return np.ascontiguousarray(values, np.float32)


def _neighbours(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The eight neighbours of each patch, NaN beyond the edge: (8, ..., rows, cols)."""
    rows, cols = maps.shape[-2:]
    padded = np.pad(maps, [(0, 0)] * (maps.ndim - 2) + [(1, 1), (1, 1)], constant_values=np.nan)
    steps = [(r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1)]
    return np.stack([padded[..., r : r + rows, c : c + cols] for r, c in steps])
