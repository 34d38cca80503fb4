"""Thin lines between the patches of a picture."""

from __future__ import annotations

import cv2
import numpy as np
from heedmap.viz import checks
from heedmap.viz.draw.interpolate import borders, enlarge
from heedmap.viz.photo.picture import Picture

_MIN_CELL = 5  # px; lines between smaller patches would hide the picture
_STRENGTH = 0.4  # of the line over what is under it


def grid_lines(base: Picture, grid: tuple[int, ...]) -> Picture:
    """A picture with thin lines between the patches: dark on light ground, light on dark.

    Args:
        base: (H, W, 3) uint8; not written to.
        grid: (rows, cols).

    Returns:
        A new (H, W, 3) uint8; without lines where patches are narrower than 5 px.

    Raises:
        SettingError: no picture, or a grid without patches.
    """
    photo = checks.picture(base)
    height, width = photo.shape[:2]
    rows, cols = checks.grid(grid)
    drawn = photo.copy()
    if height < rows * _MIN_CELL or width < cols * _MIN_CELL:
        return drawn
    # Light or dark for a patch as a whole: chosen for each pixel, the lines would be dotted.
    gray = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    light = cv2.resize(gray, (cols, rows), interpolation=cv2.INTER_AREA)  # (rows, cols)
    ink = enlarge(np.where(light < 128, 255, 0).astype(np.uint8), (height, width))
    for lines in (np.s_[borders(height, rows)], np.s_[:, borders(width, cols)]):
        if ink[lines].size:
            inked = cv2.cvtColor(ink[lines], cv2.COLOR_GRAY2RGB)
            drawn[lines] = cv2.addWeighted(photo[lines], 1 - _STRENGTH, inked, _STRENGTH, 0)
    return drawn
