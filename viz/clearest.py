"""Where to look first: the head whose attention is most concentrated on something. Pure NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from heedmap.viz import checks
from heedmap.viz.maps import Map, hide_outliers
from numpy.typing import ArrayLike, NDArray


class Head(NamedTuple):
    """A head and its layer, both counted from 0."""

    layer: int
    head: int


def entropy(attention: ArrayLike) -> Map:
    """How evenly each map's mass is spread, over the most that is possible.

    Shannon's entropy of the values divided by their sum, over the logarithm of the number of
    patches: 0 where one patch holds all, 1 where all hold the same.

    Args:
        attention: (..., rows, cols), no negative values.

    Returns:
        (...) float32, 0..1; 1 for a map without mass, 0 for a single patch with mass.

    Raises:
        SettingError: values that are negative or not finite.
    """
    maps = checks.maps(attention, negative=False)
    count = maps.shape[-1] * maps.shape[-2]
    mass = maps.sum(axis=(-2, -1), keepdims=True)
    shares = np.where(mass > 0, maps / np.where(mass > 0, mass, 1), 1 / count)
    logs = np.log(np.where(shares > 0, shares, 1))
    return np.asarray(-(shares * logs).sum(axis=(-2, -1)) / np.log(max(count, 2)), np.float32)


def clearest(layers: Sequence[ArrayLike]) -> Head | None:
    """The head to look at first: that of the lowest entropy once outliers are hidden.

    Heads that dwell on one place of the grid rather than on the photo are left out: those in which
    a single patch holds over 5 % (on grids below 80 patches, over four patches' even shares), and
    those whose outermost patches hold more than their share of the grid. If that leaves none, all
    count. Of equal heads the first is taken.

    Args:
        layers: (heads, rows, cols) for each layer, no negative values.

    Returns:
        The head, or None where there is no map with mass.

    Raises:
        SettingError: values that are negative or not finite.
    """
    found = [hide_outliers(maps)[0] for maps in checks.listed(layers, "Layers")]
    ranked = [
        (not fit, float(even), Head(layer, head))
        for layer, maps in enumerate(found)
        for head, (even, fit) in enumerate(zip(entropy(maps), _on_the_photo(maps), strict=True))
        if maps[head].any()
    ]
    return min(ranked)[2] if ranked else None


def _on_the_photo(maps: Map) -> NDArray[np.bool_]:
    """Whether neither one patch nor the rim holds too much: (heads, rows, cols) -> (heads,)."""
    rows, cols = maps.shape[-2:]
    mass = maps.sum(axis=(-2, -1), dtype=np.float64)
    most = maps.max(axis=(-2, -1)) <= mass * max(0.05, 4 / (rows * cols))
    inner = maps[:, 1:-1, 1:-1]
    area = max(rows - 2, 0) * max(cols - 2, 0) / (rows * cols)
    return np.asarray(most & (inner.sum(axis=(-2, -1), dtype=np.float64) >= mass * area))
