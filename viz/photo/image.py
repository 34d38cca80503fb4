"""A file -> an RGB photo, or one sentence that says what to do.

    photo = open_image("cat.heic")                # (H, W, 3) uint8 RGB

read -> limits -> decode -> pixels (with colour), each in its own file. A photo that is too
large is refused before it is decoded. Uploads go through `pool.open_upload`.
"""

from __future__ import annotations

import threading
import warnings

from heedmap.viz.photo.decode import decode
from heedmap.viz.photo.explain import explained
from heedmap.viz.photo.limits import check_size
from heedmap.viz.photo.picture import Picture
from heedmap.viz.photo.pixels import to_rgb
from heedmap.viz.photo.read import Source, read
from PIL import Image

# One photo at a time in this process: one of 64 megapixels needs up to 1 GB while it is decoded,
# and `warnings.catch_warnings` is not made for many threads.
_decoding = threading.Lock()


def open_image(source: Source | Image.Image) -> Picture:
    """Open a photo as RGB.

    Rotates it as its EXIF data say, converts its colours to sRGB, puts white behind transparent
    pixels, takes the first frame of an animation, and brings 16-bit and floating-point pixels to
    8 bits.

    Args:
        source: the bytes of a file, its path, an open binary file (read from its start where it
            can be rewound, and left open), or a PIL image. At most 20 MB and 64 megapixels.

    Returns:
        (H, W, 3) uint8, RGB, contiguous; a new array.

    Raises:
        ImageError: no such file, not a picture, empty, cut off, too large or too small.
    """
    if isinstance(source, Image.Image):
        return _from_pillow(source)
    return from_bytes(*read(source))


def from_bytes(data: bytes, name: str) -> Picture:
    """Decode the bytes of a file, called `name` in sentences; see `open_image`."""
    with _decoding, warnings.catch_warnings():
        # Pillow warns about odd metadata and large pictures; what matters is checked here.
        warnings.simplefilter("ignore")
        with decode(data, name) as image, explained(data, name):
            return to_rgb(image)


def _from_pillow(image: Image.Image) -> Picture:
    check_size(image, "The image")
    with _decoding, warnings.catch_warnings(), explained(b"", "The image"):
        warnings.simplefilter("ignore")
        image.load()
        return to_rgb(image)
