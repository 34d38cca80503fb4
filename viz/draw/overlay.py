"""A map drawn over a photo.

    Overlay(colormap="magma", opacity=0.6)(photo, heat)     # new (H, W, 3) uint8
    Overlay("inferno", 0.9, "bicubic", fade=True)(photo, heat)   # weak values leave the photo

Values are interpolated first and coloured afterwards, so every colour is one of the colour map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from heedmap.viz import checks
from heedmap.viz.draw import fade
from heedmap.viz.draw.colours import check_colormap, colours
from heedmap.viz.draw.interpolate import check_interpolation, interpolate
from heedmap.viz.draw.lines import grid_lines
from heedmap.viz.photo.picture import Picture
from numpy.typing import ArrayLike, NDArray

Limits: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Overlay:
    """The settings of a picture; calling it draws one.

    Attributes:
        colormap: a name of `COLORMAPS`, or any other that Matplotlib knows.
        opacity: of the colours over the photo, 0 (photo only) to 1 (map only).
        interpolation: between patches, a name of `INTERPOLATIONS`.
        limits: (low, high) of the colour scale, or None for each map's own range. Values outside
            take the colour of the nearer end.
        patch_grid: draw thin lines between the patches (left out where patches are under 5 px).
        fade: transparency follows the value: weak ones leave the photo, slightly dimmed, and
            `opacity` is that of the strongest. The formula stands in viz/draw/fade.py.
        signed: the scale is centred on zero: -max |value| to max |value| of `limits` or of the
            map, for a diverging colour map. With `fade`, transparency follows |value|.

    Raises:
        SettingError: a setting that is unknown or out of range.
    """

    colormap: str = "viridis"
    opacity: float = 0.5
    interpolation: str = "nearest"
    limits: Limits | None = None
    patch_grid: bool = False
    fade: bool = False
    signed: bool = False

    def __post_init__(self) -> None:
        check_colormap(self.colormap)
        check_interpolation(self.interpolation)
        sentence = "An opacity of {} is out of range: choose 0 to 1."
        checks.number(self.opacity, sentence, lambda opacity: 0 <= opacity <= 1)
        checks.flag(self.patch_grid, "A patch grid")
        checks.flag(self.fade, "Fading")
        checks.flag(self.signed, "A signed scale")
        if self.limits is not None:
            checks.limits(self.limits)

    def __call__(self, base: Picture, heat: ArrayLike) -> Picture:
        """Draw a map over a photo.

        Args:
            base: (H, W, 3) uint8, not written to, or a Pillow image.
            heat: (rows, cols) of finite numbers.

        Returns:
            A new (H, W, 3) uint8.

        Raises:
            SettingError: no photo or no map.
        """
        photo = checks.picture(base)
        values = checks.one_map(heat)  # (rows, cols)
        levels = self._levels(values, (photo.shape[0], photo.shape[1]))  # (H, W)
        coloured = cv2.applyColorMap(levels, colours(self.colormap)[:, None])  # (H, W, 3)
        picture = self._laid(coloured, levels, photo)
        return grid_lines(picture, values.shape) if self.patch_grid else picture

    def limits_of(self, heat: ArrayLike) -> Limits:
        """The (low, high) that a map is drawn with: the overlay's own, else the map's range."""
        if self.limits is not None:
            low, high = checks.limits(self.limits)
        else:
            values = checks.one_map(heat)
            low, high = float(values.min()), float(values.max())
        return centred(low, high) if self.signed else (low, high)

    def _laid(self, coloured: Picture, levels: NDArray[np.uint8], photo: Picture) -> Picture:
        """Colours (H, W, 3), which are written to, over the photo."""
        opacity = float(self.opacity)
        if self.fade:
            alpha = fade.alphas(opacity, self.signed)[levels]  # (H, W)
            return fade.blend(fade.ground(photo, opacity), coloured, alpha)
        picture: Picture = cv2.addWeighted(photo, 1 - opacity, coloured, opacity, 0, dst=coloured)
        return picture

    def _levels(self, values: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.uint8]:
        """Which of the 256 colours each pixel takes, chosen as Matplotlib does: (H, W)."""
        low, high = self.limits_of(values)
        if high <= low:
            return np.full(size, 128 if self.signed else 0, np.uint8)
        shares = (values - low) / (high - low)  # 0 at low, 1 at high
        steps = 256 * np.clip(shares, -1e6, 1e6)  # so that float32 holds them
        levels = interpolate(steps, size, self.interpolation)
        return np.clip(levels, 0, 255, out=levels).astype(np.uint8)


def centred(low: float, high: float) -> Limits:
    """The limits of a scale that is centred on zero and holds both."""
    most = max(abs(low), abs(high))
    return -most, most
