"""A few words written into a picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from heedmap.errors import SettingError, short
from heedmap.viz import checks
from heedmap.viz.photo.picture import Picture
from PIL import Image, ImageDraw, ImageFont

Corner: TypeAlias = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")


def label(picture: Picture, text: str, corner: Corner = "bottom-left") -> Picture:
    """A picture with a few words on a dark background in a corner, such as "outliers hidden".

    Args:
        picture: (H, W, 3) uint8; not written to.
        text: one line; made smaller where the picture is narrow.
        corner: "top-left", "top-right", "bottom-left" or "bottom-right".

    Returns:
        A new (H, W, 3) uint8.

    Raises:
        SettingError: no picture, no line of text or an unknown corner.
    """
    vertical, horizontal = checks.choice(corner, CORNERS, "corner").split("-")
    if len(checks.text(text, "A label").splitlines()) != 1:
        raise SettingError(f"A label of {short(text)} cannot be drawn: give one line.")
    image = Image.fromarray(checks.picture(picture)).convert("RGBA")
    width, height = image.size
    size = _size(text, image.size)
    font, pad, margin = _font(size), size * 0.55, size * 0.6
    wide, high = font.getlength(text) + 2 * pad, size * 1.75
    x = margin if horizontal == "left" else width - margin - wide
    y = margin if vertical == "top" else height - margin - high
    layer = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(layer)
    draw.rounded_rectangle((x, y, x + wide, y + high), size * 0.35, fill=(0, 0, 0, 190))
    draw.text((x + pad, y + high / 2), text, font=font, fill="white", anchor="lm")
    return np.array(Image.alpha_composite(image, layer).convert("RGB"))


def _size(text: str, picture: tuple[int, int]) -> int:
    """The size of the type in pixels for a picture (width, height)."""
    size, room = max(10, round(max(picture) / 45)), picture[0] * 0.9
    length = _font(size).getlength(text)
    return size if length <= room else max(6, int(size * room / length))


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
