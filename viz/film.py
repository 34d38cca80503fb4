"""Films as frames, and frames as a film. FFmpeg's libraries read and write them, through PyAV.

    for frame in frames("clip.mov"): ...             # (H, W, 3) uint8 RGB, in order
    write_film("map.mp4", pictures, rate=10)         # H.264, plays in every browser

A clip that a visitor sends is read in a process of its own, see `film_process`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from heedmap.errors import ImageError, SettingError, short
from heedmap.viz import checks
from heedmap.viz.photo.picture import Picture
from heedmap.viz.photo.region import fit_within

if TYPE_CHECKING:
    from av.container import InputContainer

MAX_PIXELS = 4096 * 2304  # of a frame
RATE = 10.0  # frames a second


def frames(
    source: str | Path, *, rate: float = RATE, seconds: float | None = None, long_side: int = 1024
) -> Iterator[Picture]:
    """The frames of a film in their order, (H, W, 3) uint8 RGB, each a new array.

    Args:
        source: an MP4, MOV, WebM, GIF or any other file that FFmpeg reads.
        rate: frames a second at most; others are passed over.
        seconds: where to end; the whole film by default.
        long_side: of a frame, px at most.

    Raises:
        ImageError: no such file, no film, broken, or with frames of more than 4096 x 2304 px.
        SettingError: a rate that is not above 0.
    """
    import av

    step = 1 / checks.number(rate, "A rate of {} a second is out of range: choose above 0 to 60.",
                             lambda rate: 0 < rate <= 60)  # fmt: skip
    name = Path(source).name
    try:
        with av.open(str(source)) as film:
            yield from _frames(film, name, step, seconds, long_side)
    except (av.error.FFmpegError, OSError, ValueError):
        raise ImageError(
            "{name} cannot be read as a film: give an MP4, MOV, WebM or GIF.", name=short(name)
        ) from None


def write_film(target: str | Path, pictures: Iterable[Picture], rate: float = RATE) -> int:
    """Pictures of one size as an H.264 film in an MP4 file; returns how many there are.

    A row or column is left out where a side is odd, which H.264 cannot hold.

    Raises:
        SettingError: no picture, or pictures that differ in size.
    """
    import av

    count = 0
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as film:
        stream = film.add_stream("libx264", rate=round(rate), options={"crf": "18"})
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            even = _even(checks.picture(picture))
            if not count:
                stream.height, stream.width = even.shape[:2]
            elif even.shape[:2] != (stream.height, stream.width):
                raise SettingError("The pictures of a film have one size: these differ.")
            film.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
            count += 1
        if not count:
            raise SettingError("A film of 0 pictures cannot be written: give at least one.")
        film.mux(stream.encode())
    return count


def pan(photo: Picture, seconds: float = 4.0, rate: float = RATE) -> Iterator[Picture]:
    """A film out of one photo: a window that wanders over it slowly, (h, w, 3) uint8.

    The window has two thirds of each side; it goes from the top left to the bottom right.
    """
    photo = checks.picture(photo)
    height, width = photo.shape[:2]
    h, w = max(2, height * 2 // 3), max(2, width * 2 // 3)
    count = max(2, round(seconds * rate))
    for at in range(count):
        share = (1 - np.cos(np.pi * at / (count - 1))) / 2  # slow at both ends
        top, left = round((height - h) * share), round((width - w) * share)
        yield np.ascontiguousarray(photo[top : top + h, left : left + w])


def _frames(
    film: InputContainer, name: str, step: float, seconds: float | None, long_side: int
) -> Iterator[Picture]:
    if not film.streams.video:
        raise ImageError("{name} has no pictures: give an MP4, MOV, WebM or GIF.", name=short(name))
    stream = film.streams.video[0]
    if stream.width * stream.height > MAX_PIXELS:
        raise ImageError(
            "{name} has frames of {width} x {height} px, more than 4096 x 2304: make it smaller.",
            name=short(name),
            width=stream.width,
            height=stream.height,
        )
    due = 0.0
    for frame in film.decode(stream):
        at = frame.time if frame.time is not None else due
        if seconds is not None and at >= seconds:
            return
        if at + 1e-3 >= due:
            whole = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
            yield np.ascontiguousarray(fit_within(whole, long_side))
            due += step * max(1, np.ceil((at - due + 1e-3) / step))


def _even(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[: height - height % 2, : width - width % 2])
