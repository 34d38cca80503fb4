"""Three views of a mask: the mask itself, the photo where it holds, and its outline.

    draw_mask(mask, size)      highlight(photo, mask)      contour(photo, mask)

And `label`, a few words burned into a picture.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from heedmap.errors import SettingError
from heedmap.viz.draw.overlay import LUMA, enlarge_mask
from heedmap.viz.maps import Mask
from heedmap.viz.photo.picture import Picture, check_picture
from numpy.typing import ArrayLike
from PIL import Image, ImageColor, ImageDraw, ImageFont

Corner: TypeAlias = Literal["top-left", "top-right", "bottom-left", "bottom-right"]


def draw_mask(mask: ArrayLike, size: tuple[int, int]) -> Picture:
    """A mask in white on black.

    Args:
        mask: (rows, cols) bool.
        size: (H, W) of the picture in pixels.

    Returns:
        (H, W, 3) uint8.

    Raises:
        SettingError: another shape, or a size below 1.
    """
    white = enlarge_mask(mask, size).astype(np.uint8) * np.uint8(255)
    return np.repeat(white[..., None], 3, axis=2)


def highlight(base: Picture, mask: ArrayLike, dim: float = 0.35) -> Picture:
    """The photo as it is where the mask holds, gray and dim elsewhere.

    Args:
        base: (H, W, 3) uint8; not written to.
        mask: (rows, cols) bool.
        dim: brightness of what is outside the mask, 0 (black) to 1.

    Returns:
        A new (H, W, 3) uint8.

    Raises:
        SettingError: arrays of another shape or kind, or dim out of range.
    """
    if not 0 <= dim <= 1:
        raise SettingError(f"A brightness of {dim} is out of range: choose 0 to 1.")
    check_picture(base)
    inside = enlarge_mask(mask, (base.shape[0], base.shape[1]))
    gray = np.rint(base @ (LUMA * np.float32(dim))).astype(np.uint8)
    return np.where(inside[..., None], base, gray[..., None])


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
        SettingError: arrays of another shape or kind, an unknown colour, a width below 1.
    """
    height, wide = check_picture(base).shape[:2]
    line = round(max(height, wide) / 200) or 1 if width is None else width
    if line < 1:
        raise SettingError(f"A line of {line} px cannot be seen: choose 1 or more.")
    try:
        rgb = ImageColor.getrgb(color)[:3]
    except ValueError:
        raise SettingError(
            f"There is no colour {color!r}: give a name or a number such as #ffd60a."
        ) from None
    inside = enlarge_mask(mask, (height, wide))
    edge = max(1, line // 3)
    outer = inside & ~_shrunk(inside, line)
    shadow = ~_shrunk(~inside, edge, beyond=True) & ~outer & ~_shrunk(inside, line + edge)
    picture = base.copy()
    picture[shadow] = picture[shadow] // 4
    picture[outer] = rgb
    return picture


def label(picture: Picture, text: str, corner: Corner = "bottom-left") -> Picture:
    """A picture with a few words on a dark plate in a corner, such as "outliers hidden".

    Args:
        picture: (H, W, 3) uint8; not written to.
        text: one line; made smaller where the picture is narrow.
        corner: "top-left", "top-right", "bottom-left" or "bottom-right".

    Returns:
        A new (H, W, 3) uint8.

    Raises:
        SettingError: an unknown corner or no picture.
    """
    vertical, _, horizontal = corner.partition("-")
    if vertical not in ("top", "bottom") or horizontal not in ("left", "right"):
        raise SettingError(
            f"There is no corner {corner!r}: choose top-left, top-right, bottom-left or "
            "bottom-right."
        )
    height, width = check_picture(picture).shape[:2]
    size, room = max(10, round(max(height, width) / 45)), width * 0.9
    length = _font(size).getlength(text)
    if length > room:
        size = max(6, int(size * room / length))
    font, pad, margin = _font(size), size * 0.55, size * 0.6
    wide, high = font.getlength(text) + 2 * pad, size * 1.75
    x = margin if horizontal == "left" else width - margin - wide
    y = margin if vertical == "top" else height - margin - high
    image = Image.fromarray(picture).convert("RGBA")
    layer = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(layer)
    draw.rounded_rectangle((x, y, x + wide, y + high), size * 0.35, fill=(0, 0, 0, 190))
    draw.text((x + pad, y + high / 2), text, font=font, fill="white", anchor="lm")
    return np.array(Image.alpha_composite(image, layer).convert("RGB"))


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _shrunk(mask: Mask, by: int, beyond: bool = False) -> Mask:
    """A mask without the `by` pixels along its border; `beyond` is what lies past the edge."""
    for _ in range(2):  # a pixel stays if its whole square of neighbours does: one axis, the other
        padded = np.pad(mask, ((by, by), (0, 0)), constant_values=beyond)
        mask = padded[: mask.shape[0]].copy()
        for step in range(1, 2 * by + 1):
            mask &= padded[step : step + mask.shape[0]]
        mask = np.ascontiguousarray(mask.T)
    return mask
