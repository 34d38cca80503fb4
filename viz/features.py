"""What patches hold, compared: similarity, colours by PCA, and outliers by norm. Pure NumPy.

Features are arrays (dim, rows, cols), as `Features.patches` has them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from heedmap.errors import SettingError
from heedmap.viz import checks
from heedmap.viz.maps import Map, Mask
from numpy.typing import ArrayLike, NDArray

_SIGMA_PER_MAD = 1.4826  # of a normal distribution


@dataclass(frozen=True)
class Colours:
    """Features of one or several photos as colours, joint over all of them.

    Attributes:
        pictures: for each photo (rows, cols, 3) uint8 RGB, its background black.
        foreground: for each photo (rows, cols) bool.
        first: for each photo (rows, cols) float32, the first component of all patches, 0..1, high
            in the foreground.
        explained: (3,) float32, the share of the foreground's variance that red, green and blue
            hold.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    foreground: tuple[Mask, ...]
    first: tuple[Map, ...]
    explained: NDArray[np.float32]


def similarity(features: ArrayLike, patch: tuple[int, int], others: ArrayLike | None = None) -> Map:
    """Cosine similarity of one patch to all patches.

    Args:
        features: (dim, rows, cols) of the photo that the patch is in.
        patch: (row, col).
        others: (dim, rows, cols) of a second photo to compare with, in place of the first.

    Returns:
        (rows, cols) float32, -1..1; 0 where one of the two is all zeros.

    Raises:
        SettingError: a patch outside of the grid, or features of another width.
    """
    own = _features(features)
    there = own if others is None else _features(others)
    if len(own) != len(there):
        raise SettingError(
            f"Features of {len(own)} and {len(there)} numbers a patch cannot be compared: "
            "record both photos with the same model."
        )
    rows, cols = own.shape[1:]
    sentence = f"There is no patch {{}} in a grid of {rows} x {cols}: give (row, col) from (0, 0)."
    row, col = checks.pair(patch, sentence, lambda r, c: _in(r, rows) and _in(c, cols))
    query = own[:, int(row), int(col)]
    lengths = np.linalg.norm(there, axis=0) * np.linalg.norm(query)
    products = np.tensordot(query, there, 1)
    cosines = np.divide(products, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return np.asarray(cosines.clip(-1, 1), np.float32)


def colours_of(features: Sequence[ArrayLike], threshold: float = 0.5) -> Colours:
    """Colour patches by their features, as DINOv2's figures do (Oquab et al. 2023, figure 1).

    The first principal component over all patches tells the foreground, where it is above the
    threshold; the first three components over the foreground alone are red, green and blue, each
    scaled from its least to its greatest value. The same features always give the same colours: a
    component points to where its greatest loading is positive, and the first one away from the
    edges of the photos.

    Args:
        features: (dim, rows, cols) of each photo, all of the same model and layer.
        threshold: of the first component between its least (0) and its greatest value (1); 0 takes
            all patches.

    Raises:
        SettingError: no photo, features of unlike width, or a threshold outside of 0..1.
    """
    sentence = "A threshold of {} is out of range: choose 0 to 1."
    least = checks.number(threshold, sentence, lambda value: 0 <= value <= 1)
    photos = [_features(each) for each in checks.listed(features, "Features")]
    if not photos or len({len(each) for each in photos}) > 1:
        raise SettingError(
            f"Colours need features of one width, these have {[len(each) for each in photos]} "
            "numbers a patch: record all photos with the same model."
        )
    patches = np.concatenate([each.reshape(len(each), -1).T for each in photos])  # (n, dim)
    edges = np.concatenate([_edge(each.shape[1:]).ravel() for each in photos])
    first = _scaled(_away_from(edges, _components(patches, 1)[0][:, 0]))
    kept = first >= least
    colours = np.zeros((len(patches), 3))
    values, explained = _components(patches[kept], 3)
    colours[kept] = _scaled(values)
    grids = [each.shape[1:] for each in photos]
    pictures = _split((colours * 255).round().astype(np.uint8), grids)
    firsts = _split(first.astype(np.float32), grids)
    return Colours(pictures, _split(kept, grids), firsts, explained.astype(np.float32))


def norm_outliers(norms: ArrayLike, deviations: float = 10.0, contrast: float = 2.0) -> Mask:
    """Patches whose residual stream is far longer than that of the rest.

    Darcet et al. 2023 ("Vision Transformers Need Registers") find the patches that large models
    use as scratch memory by the length of their output tokens, above a threshold that they read
    off the histogram of one model (150 for DINOv2-g, where other patches have some 50). This finds
    the same gap in one photo of any model.

    Args:
        norms: (rows, cols), as `Features.norms` has them.
        deviations: how many robust standard deviations above the median, >= 0.
        contrast: how many times the median, >= 1.

    Returns:
        (rows, cols) bool.

    Raises:
        SettingError: a setting out of range, or norms that are negative or not finite.
    """
    sentence = (
        "Outliers cannot be found with (deviations, contrast) {}: "
        "choose deviations of 0 or more and a contrast of 1 or more, both finite."
    )
    sigmas, times = checks.pair(
        (deviations, contrast), sentence, lambda d, c: 0 <= d < math.inf and 1 <= c < math.inf
    )
    values = checks.one_map(norms, negative=False)
    median = np.median(values)
    sigma = _SIGMA_PER_MAD * np.median(np.abs(values - median))
    return np.asarray((values > median + sigmas * sigma) & (values > times * median), np.bool_)


def _features(values: ArrayLike) -> NDArray[np.float64]:
    found = checks.maps(values)
    if found.ndim != 3:
        raise SettingError(
            f"Features are (dim, rows, cols), these are {found.shape}: "
            "give the patches of one layer."
        )
    return found


def _components(patches: NDArray[Any], count: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Principal components: (n, count) values and (count,) shares of the variance.

    Each one's greatest loading is positive. Where there are fewer, the rest is 0.
    """
    centred = patches - (patches.mean(0) if len(patches) else 0)
    variances, axes = np.linalg.eigh(centred.T @ centred)
    variances, axes = variances[::-1][:count].clip(0), axes[:, ::-1][:, :count]
    strongest = np.abs(axes).argmax(0)
    axes = axes * np.sign(axes[strongest, np.arange(axes.shape[1])])
    total = (centred**2).sum()
    values, shares = np.zeros((len(patches), count)), np.zeros(count)
    values[:, : axes.shape[1]] = centred @ axes
    shares[: len(variances)] = variances / total if total > 0 else 0
    return values, shares


def _away_from(edges: NDArray[np.bool_], first: NDArray[Any]) -> NDArray[Any]:
    """The first component, turned so that the patches within a photo are above its edges."""
    inside = first[~edges].mean() if (~edges).any() else 0
    turned: NDArray[Any] = first if inside >= first[edges].mean() else -first
    return turned


def _edge(grid: tuple[int, ...]) -> NDArray[np.bool_]:
    edge = np.ones(grid, np.bool_)
    edge[1:-1, 1:-1] = False
    return edge


def _scaled(values: NDArray[Any]) -> NDArray[Any]:
    """Each column from its least (0) to its greatest value (1); a constant one is 0."""
    if not len(values):
        return values
    low, high = values.min(0), values.max(0)
    scaled: NDArray[Any] = (values - low) / np.where(high > low, high - low, 1)
    return scaled


def _split(values: NDArray[Any], grids: list[tuple[int, ...]]) -> tuple[NDArray[Any], ...]:
    """(n, ...) of all photos -> (rows, cols, ...) of each."""
    ends = np.cumsum([math.prod(grid) for grid in grids])[:-1]
    parts = np.split(values, ends)
    return tuple(p.reshape(*grid, *p.shape[1:]) for p, grid in zip(parts, grids, strict=True))


def _in(place: float, count: int) -> bool:
    return float(place).is_integer() and 0 <= place < count
