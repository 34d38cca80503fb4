"""Colour maps: 256 colours each, as Matplotlib draws them."""

from __future__ import annotations

from functools import lru_cache

import matplotlib
import numpy as np
from heedmap.viz import checks
from numpy.typing import NDArray

# The ones to offer: perceptually uniform ones first, then those that papers use. Any other name
# that Matplotlib knows works too.
COLORMAPS = ("viridis", "magma", "inferno", "cividis", "turbo", "jet", "gray")
DIVERGING = ("RdBu_r", "coolwarm", "PuOr_r", "BrBG")  # for signed maps: zero in the middle


def check_colormap(name: str) -> str:
    """The name of a colour map that Matplotlib knows.

    Raises:
        SettingError: any other.
    """
    return checks.choice(name, matplotlib.colormaps, "colour map", COLORMAPS)


@lru_cache(maxsize=64)
def colours(name: str) -> NDArray[np.uint8]:
    """The colours of a colour map from low to high, (256, 3) uint8, read-only."""
    found = matplotlib.colormaps[name](np.linspace(0, 1, 256), bytes=True)[:, :3].copy()
    found.setflags(write=False)  # shared by all callers
    return np.asarray(found, np.uint8)
