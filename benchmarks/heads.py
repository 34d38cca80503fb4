"""What the heads of a model show, layer by layer: whether they differ, and what they rank first.

`inside` says which patches show an object, so its figures measure and choose nothing: no training
and no choice among models may read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.stats import entropy, rankdata


@dataclass(frozen=True)
class Layer:
    """What is measured of one layer, the mean over photos.

    Attributes:
        layer: counted from 0.
        correlation: of its heads' maps, -1 to 1, the mean over pairs.
        entropy: of its heads' maps, as a share of an even map's, 0 to 1.
        auroc: how well the values of `head` rank patches of objects above others, 0 to 1.
        head: the one with the best mean, counted from 0; chosen on the photos that it is
            measured on.
    """

    layer: int
    correlation: float
    entropy: float
    auroc: float
    head: int


def by_layer(maps: Sequence[np.ndarray], inside: Sequence[np.ndarray]) -> list[Layer]:
    """Measure the maps (layers, heads, rows, cols) of each photo, and its `inside` (rows, cols)."""
    alike = np.mean([[correlation(layer) for layer in photo] for photo in maps], axis=0)
    even = np.mean([evenness(photo).mean(1) for photo in maps], axis=0)
    ranked = np.mean([auroc(*each) for each in zip(maps, inside, strict=True)], axis=0)
    return [
        Layer(i, float(alike[i]), float(even[i]), float(heads.max()), int(heads.argmax()))
        for i, heads in enumerate(ranked)
    ]


def correlation(heads: np.ndarray) -> float:
    """Pearson's over patches, of maps (heads, rows, cols) none of which is constant: mean over
    pairs of heads."""
    pairs = np.triu_indices(len(heads), 1)
    return float(np.corrcoef(heads.reshape(len(heads), -1))[pairs].mean())


def evenness(maps: np.ndarray) -> np.ndarray:
    """Entropy of maps (..., rows, cols) scaled to sum to 1, as a share of an even map's: (...)."""
    flat = maps.reshape(*maps.shape[:-2], -1).astype(np.float64)
    return np.asarray(entropy(flat, axis=-1) / np.log(flat.shape[-1]))


def auroc(maps: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Area under the ROC curve of maps (..., rows, cols) for patches inside (rows, cols): (...).

    The share of pairs of a patch inside and one outside in which the value inside is greater; a
    tie counts half. Both kinds of patches have to occur.
    """
    ranks = rankdata(maps.reshape(*maps.shape[:-2], -1), axis=-1)
    own, others = int(inside.sum()), int((~inside).sum())
    above = ranks[..., inside.ravel()].sum(-1) - own * (own + 1) / 2  # Mann and Whitney's U
    return np.asarray(above / (own * others))


def patches_inside(mask: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Which patches of (rows, cols) a boolean mask (H, W) fills by more than a half."""
    rows, cols = grid
    share = cv2.resize(mask.astype(np.float32), (cols, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(share > 0.5)
