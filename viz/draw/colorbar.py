"""The strip that tells which colour stands for which value."""

from __future__ import annotations

import numpy as np
from heedmap.viz import checks
from heedmap.viz.draw import fade
from heedmap.viz.draw.colours import check_colormap, colours
from heedmap.viz.draw.overlay import Overlay
from heedmap.viz.photo.picture import Picture

_LIGHT, _DARK = 255, 208  # the squares that show through where colours fade


def colorbar(colormap: str | Overlay = "viridis", width: int = 256, height: int = 12) -> Picture:
    """A strip of a colour map, low at the left: (height, width, 3) uint8.

    Args:
        colormap: its name, or an overlay: colours that fade lie over a checkered ground.
        width: px.
        height: px.

    Raises:
        SettingError: an unknown colour map or a size below 1.
    """
    height, width = checks.size((height, width))
    name = colormap.colormap if isinstance(colormap, Overlay) else colormap
    levels = np.arange(width) * 256 // width
    strip = np.broadcast_to(colours(check_colormap(name))[levels], (height, width, 3))
    if isinstance(colormap, Overlay) and colormap.fade:
        alpha = fade.alphas(colormap.opacity, colormap.signed)[levels]
        return fade.blend(_checkered(height, width), strip, np.broadcast_to(alpha, strip.shape[:2]))
    return np.ascontiguousarray(strip)


def _checkered(height: int, width: int) -> Picture:
    """Two rows of squares, light and dark in turn; one row where there is no room for two."""
    side = max(1, height // 2)
    dark = (np.arange(height)[:, None] // side + np.arange(width) // side) % 2 == 1
    return np.where(dark[..., None], _DARK, _LIGHT).astype(np.uint8).repeat(3, axis=2)
