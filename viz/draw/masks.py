"""Three views of a mask: the mask itself, the photo inside it, and its outline.

draw_mask(mask, size)      highlight(photo, mask)      contour(photo, mask)
"""

from __future__ import annotations

import cv2
import numpy as np
from heedmap.errors import SettingError, short
from heedmap.viz import checks
from heedmap.viz.draw.fade import LUMA
from heedmap.viz.draw.interpolate import enlarge_mask
from heedmap.viz.photo.picture import Picture
from numpy.typing import ArrayLike, NDArray
from PIL import ImageColor

_LUMA = np.array(LUMA, np.float32)


def draw_mask(mask: ArrayLike, size: tuple[int, int]) -> Picture:
    """A mask in white on black.

    Args:
        mask: (rows, cols) bool.
        size: (H, W) of the picture in pixels.

    Returns:
        (H, W, 3) uint8.

    Raises:
        SettingError: no mask, or a size below 1.
    """
    white = enlarge_mask(mask, size).astype(np.uint8) * np.uint8(255)
    picture: Picture = cv2.cvtColor(white, cv2.COLOR_GRAY2RGB)
    return picture


def highlight(base: Picture, mask: ArrayLike, dim: float = 0.35) -> Picture:
    """The photo unchanged inside the mask, gray and dim outside.

    Args:
        base: (H, W, 3) uint8; not written to.
        mask: (rows, cols) bool.
        dim: brightness of what is outside the mask, 0 (black) to 1.

    Returns:
        A new (H, W, 3) uint8.

    Raises:
        SettingError: no photo, no mask, or dim out of range.
    """
    sentence = "A brightness of {} is out of range: choose 0 to 1."
    share = checks.number(dim, sentence, lambda dim: 0 <= dim <= 1)
    photo = checks.picture(base)
    inside = _inside(photo, mask)
    gray = np.rint(photo @ (_LUMA * np.float32(share))).astype(np.uint8)  # (H, W)
    picture: Picture = cv2.copyTo(photo, inside, cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB))
    return picture


def contour(
    base: Picture, mask: ArrayLike, color: str = "#ffd60a", width: int | None = None
) -> Picture:
    """The photo with an outline along the borders of the mask's patches.

    The line runs inside the mask; a thin dark line on both its sides sets it off from light
    photos.

    Args:
        base: (H, W, 3) uint8; not written to.
        mask: (rows, cols) bool.
        color: a name or a hexadecimal number such as "#ffd60a".
        width: of the coloured line in pixels; 1/200 of the longer side if left out.

    Returns:
        A new (H, W, 3) uint8.

    Raises:
        SettingError: no photo, no mask, an unknown colour, a width below 1.
    """
    photo = checks.picture(base)
    longer = max(photo.shape[:2])
    line = _line(longer, width)
    rgb = _rgb(color)
    inside = _inside(photo, mask)
    edge = max(1, line // 3)
    outline = inside & ~_shrunk(inside, line)
    band = ~_shrunk(inside, line + edge) & _grown(inside, edge)  # the line and both its sides
    colour = cv2.merge([np.full(inside.shape, value, np.uint8) for value in rgb])
    shaded = cv2.copyTo(photo >> 2, band, photo.copy())
    picture: Picture = cv2.copyTo(colour, outline, shaded)
    return picture


def _line(longer: int, width: int | None) -> int:
    """The width of the coloured line on a photo with this longer side, in pixels."""
    if width is None:
        return round(longer / 200) or 1
    sentence = f"A line of {{}} px cannot be drawn: choose 1 to {longer}."
    return checks.whole(width, sentence, 1, longer)


def _rgb(color: str) -> tuple[int, ...]:
    name = checks.text(color, "A colour")
    try:
        return ImageColor.getrgb(name)[:3]
    except ValueError:
        raise SettingError(
            f"There is no colour {short(name)}: give a name or a number such as #ffd60a."
        ) from None


def _inside(photo: Picture, mask: ArrayLike) -> NDArray[np.uint8]:
    """A mask at the size of a photo, 255 inside and 0 outside: (H, W) uint8."""
    return enlarge_mask(mask, (photo.shape[0], photo.shape[1])).astype(np.uint8) * np.uint8(255)


def _shrunk(inside: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """Without the `by` pixels along its border; what lies beyond the picture is outside."""
    found: NDArray[np.uint8] = cv2.erode(
        inside, _square(by), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return found


def _grown(inside: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """With the `by` pixels around it."""
    found: NDArray[np.uint8] = cv2.dilate(inside, _square(by))
    return found


def _square(by: int) -> NDArray[np.uint8]:
    return np.ones((2 * by + 1, 2 * by + 1), np.uint8)
