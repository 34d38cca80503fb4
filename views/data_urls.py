"""Pictures as data URLs (JPEG), cached, and numbers as text, for the browser."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.views import photos
from heedmap.views.cache import MEGABYTE, kept
from heedmap.views.render import SCREEN, Drawable, Look, base, drawn
from heedmap.views.request import Request
from heedmap.viz.photo.region import fit_within

if TYPE_CHECKING:
    from heedmap.models import Prepared

_PHOTO_THUMBNAIL = 144  # px, long side


@kept(
    96 * MEGABYTE,
    len,
    key=lambda shown, look, long_side=SCREEN: (shown.request, shown.key, look, long_side),
)
def of_map(shown: Drawable, look: Look, long_side: int = SCREEN) -> str:
    """A map over its photo."""
    return encoded(drawn(shown, look, long_side))


@kept(16 * MEGABYTE, len, key=lambda request, seen, over: (request, seen.box, over))
def of_base(request: Request, seen: Prepared, over: str) -> str:
    """What large maps are painted over; see `render.base`."""
    return encoded(base(request, seen, over))


@kept(16 * MEGABYTE, len, key=lambda photo: photo)
def of_photo(photo: str) -> str:
    """A photo as a whole, by its key."""
    return encoded(fit_within(photos.pixels(photo), SCREEN))


@kept(4 * MEGABYTE, len, key=lambda photo: photo)
def of_thumbnail(photo: str) -> str:
    """A photo as a whole, small."""
    return encoded(fit_within(photos.pixels(photo), _PHOTO_THUMBNAIL), quality=80)


def encoded(picture: np.ndarray, quality: int = 88) -> str:
    """A picture (H, W, 3) uint8 as a data URL."""
    return "data:image/jpeg;base64," + base64.b64encode(viz.encode_jpeg(picture, quality)).decode()


def of_png(file: bytes) -> str:
    """A PNG file as a data URL."""
    return f"data:image/png;base64,{base64.b64encode(file).decode()}"


@cache
def color_tables() -> dict[str, str]:
    """The colours of each colour map from low to high, base64 of (256, 3) uint8."""
    return {
        name: base64_of(viz.colorbar(name, 256, 1)) for name in (*viz.COLORMAPS, *viz.DIVERGING)
    }


def base64_of(values: np.ndarray) -> str:
    """The bytes of an array, row by row, in base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
