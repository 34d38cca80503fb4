"""Transparency that follows the value: what is weak leaves the photo, what is strong glows.

In sRGB, for a colour level 0..255 of a pixel (see `Overlay`), o = opacity, and r, g, b of the photo
0..255, in this order of operations, in double precision, with round(x) = floor(x + 0.5):

    luma   = 0.299 r + 0.587 g + 0.114 b                                     (ITU-R BT.601)
    ground = round((1 - o + o BRIGHTNESS SATURATION) c
                   + o BRIGHTNESS (1 - SATURATION) luma)                     for c in (r, g, b)
    t      = level / 255                  of a signed map: (|2 level - 255| - 1) / 254
    alpha  = round(255 o t (2 - t))                                          0..255
    pixel  = floor((ground (255 - alpha) + colour alpha + 127) / 255)

So at an opacity of 0 the photo is as it was, and at 1 its weakest places are BRIGHTNESS times as
bright, with SATURATION of their colour.
"""

from __future__ import annotations

import numpy as np
from heedmap.viz.photo.picture import Picture
from numpy.typing import NDArray

BRIGHTNESS = 0.65
SATURATION = 0.6
LUMA = (0.299, 0.587, 0.114)  # brightness of red, green and blue (ITU-R BT.601)


def ground(photo: Picture, opacity: float) -> Picture:
    """The photo dimmed and less saturated, (H, W, 3) uint8."""
    own = 1 - opacity + opacity * BRIGHTNESS * SATURATION
    grey = opacity * BRIGHTNESS * (1 - SATURATION)
    red, green, blue = (photo[..., i].astype(np.float64) for i in range(3))
    luma = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue  # (H, W)
    parts = [np.floor(own * c + grey * luma + 0.5) for c in (red, green, blue)]
    return np.stack(parts, axis=-1).astype(np.uint8)


def alphas(opacity: float, signed: bool = False) -> NDArray[np.uint8]:
    """How much each of the 256 colours covers the photo, 0..255: (256,) uint8."""
    levels = np.arange(256, dtype=np.float64)
    t = (np.abs(2 * levels - 255) - 1) / 254 if signed else levels / 255
    return np.floor(255 * opacity * t * (2 - t) + 0.5).astype(np.uint8)


def blend(under: Picture, colour: Picture, alpha: NDArray[np.uint8]) -> Picture:
    """Colours over a picture, both (H, W, 3) uint8, covering it by alpha (H, W) 0..255."""
    share = alpha[..., None].astype(np.uint16)
    mixed = under * (255 - share) + colour * share + 127  # at most 255 * 255 + 127, fits uint16
    return (mixed // 255).astype(np.uint8)
