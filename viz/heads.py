"""Numbers that tell heads and layers apart, beside what chance or uniform attention gives.

Pure NumPy; sums are computed in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from heedmap.errors import SettingError, short
from heedmap.viz import checks
from heedmap.viz.maps import outliers
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from heedmap.viz.capture.attention import Attention

UNIFORM_ENTROPY = 1.0  # of attention to all patches alike, by definition


def uniform_distance(grid: tuple[int, int], patch: int = 1) -> float:
    """The mean attention distance of heads that attend to all patches alike.

    Args:
        grid: (rows, cols).
        patch: side of a patch, px.

    Returns:
        The mean distance between the centres of two patches, each of them any of the grid, px.
    """
    rows, cols = checks.grid(grid)
    down, across = (np.arange(1 - n, n) for n in (rows, cols))
    pairs = np.outer(rows - np.abs(down), cols - np.abs(across))  # of patches so far apart
    return float((pairs * np.hypot(down[:, None], across)).sum() / pairs.sum() * patch)


def cls_shares(attention: Attention, hidden: ArrayLike | None = None) -> dict[str, NDArray[Any]]:
    """Where the attention of CLS goes, in all layers and heads.

    Args:
        attention: recorded of a model with a CLS token.
        hidden: (rows, cols) bool, or any shape that broadcasts to the maps, which patches are
            outliers; found by `viz.outliers` in each map by default.

    Returns:
        {"cls", "registers", "outliers", "patches": (layers, heads) float32}, which sum to 1.
        "registers" are all tokens that are neither CLS nor patches; "patches" are all others.

    Raises:
        SettingError: a record without CLS, or a mask of another grid.
    """
    maps, others, mask = _of_cls(attention, hidden)
    of_cls = others[..., attention.readers].sum(-1)
    far = np.where(mask, maps, 0).sum((-2, -1))
    shares = {
        "cls": of_cls,
        "registers": others.sum(-1) - of_cls,
        "outliers": far,
        "patches": maps.sum((-2, -1)) - far,
    }
    return {name: np.asarray(values, np.float32) for name, values in shares.items()}


def uniform_shares(
    attention: Attention, hidden: ArrayLike | None = None
) -> dict[str, NDArray[Any]]:
    """As `cls_shares`, of attention to all tokens alike: shares of their number.

    Args:
        attention, hidden: as for `cls_shares`.

    Raises:
        SettingError: as for `cls_shares`.
    """
    maps, others, mask = _of_cls(attention, hidden)
    cls = others[0, 0, attention.readers].size
    far = np.broadcast_to(mask, maps.shape).sum((-2, -1))
    counts = {
        "cls": np.full(far.shape, cls),
        "registers": np.full(far.shape, others.shape[-1] - cls),
        "outliers": far,
        "patches": maps[0, 0].size - far,
    }
    tokens = maps[0, 0].size + others.shape[-1]
    return {name: np.asarray(count / tokens, np.float32) for name, count in counts.items()}


@dataclass(frozen=True)
class Overlap:
    """How many of their strongest patches maps share.

    Attributes:
        jaccard: (maps, maps) float32: patches that are among the `k` strongest of both maps, as a
            share of those that are among the `k` strongest of either; 1 on the diagonal.
        k: how many patches of each map count.
        chance: what two maps without any relation share on average, k / (2 N - k) of N patches.
    """

    jaccard: NDArray[np.float32]
    k: int
    chance: float


def overlap(attention: ArrayLike, k: int | None = None) -> Overlap:
    """Compare maps by their strongest patches: heads of a layer, or layers.

    Args:
        attention: (..., rows, cols); all leading axes are taken as one list of maps. Among equal
            values the first in reading order is the stronger.
        k: how many patches of each map count; a tenth of the grid by default.

    Raises:
        SettingError: fewer than two maps, or `k` outside of the grid.
    """
    maps = checks.maps(attention)
    flat = maps.reshape(-1, maps.shape[-2] * maps.shape[-1])
    if len(flat) < 2:
        raise SettingError(f"{len(flat)} map has nothing to share: give two or more.")
    patches = flat.shape[1]
    sentence = f"The {{}} strongest patches of {patches} cannot be taken: choose 1 to {patches}."
    most = checks.whole(max(1, round(patches / 10)) if k is None else k, sentence, 1, patches)
    strongest = np.argsort(-flat, axis=1, kind="stable")[:, :most]
    among = np.zeros(flat.shape)
    np.put_along_axis(among, strongest, 1, axis=1)
    both = among @ among.T
    return Overlap((both / (2 * most - both)).astype(np.float32), most, most / (2 * patches - most))


def _of_cls(
    attention: Attention, hidden: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """Maps and other tokens of CLS, and the mask of outliers that fits them."""
    if not hasattr(attention, "cls_prefix"):
        raise SettingError(
            f"{short(attention)} is no attention that was recorded: pass what "
            "viz.record_attention returns."
        )
    maps, others = attention.cls, attention.cls_prefix
    if maps is None or others is None:
        raise SettingError("This record has no CLS token: record a model that has one.")
    mask = outliers(maps) if hidden is None else checks.masks(hidden)
    if mask.shape[-2:] != maps.shape[-2:]:
        raise SettingError(
            f"Outliers of a grid of {mask.shape[-2:]} do not fit one of {maps.shape[-2:]}: "
            "find them in the same photo."
        )
    return maps, others, mask
