"""Files that are made to hurt whoever decodes them, given to the workers."""

from __future__ import annotations

import io
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from heedmap.errors import ImageError
from heedmap.viz.photo.pool import Pool
from heedmap.viz.photo.process import Limits
from PIL import Image

from tests.hostile import bombs

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
PHOTO = bombs.saved(Image.new("RGB", (40, 30), (200, 30, 40)), "PNG")
# A machine may be busy: only the limit that a test is about may be reached.
PATIENT = Limits(seconds=120, patience=240)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(1, PATIENT) as pool:
        yield pool


def refused(pool: Pool, data: bytes, match: str) -> None:
    """The file is refused in one sentence, and the next photo is decoded."""
    with pytest.raises(ImageError, match=match) as caught:
        pool.open(data)
    text = str(caught.value)
    assert len(re.findall(r"[.!?](?:\s|$)", text)) == 1
    assert pool.open(PHOTO).shape == (30, 40, 3)


def test_jpeg_2000_is_not_taken(pool) -> None:
    data = bombs.jpeg2000()
    with Image.open(io.BytesIO(data)) as header:
        assert (header.format, header.size) == ("JPEG2000", (8000, 8000))
    assert len(data) < 200
    refused(pool, data, "is not a picture that can be read")


def test_ppm_is_not_taken(pool) -> None:
    refused(pool, bombs.plain_ppm(), "is not a picture that can be read")


def test_an_absurd_tile(pool) -> None:
    refused(pool, bombs.absurd_tile(), "tiles of 60000 x 11000 px, more than the 64 megapixels")


@pytest.mark.parametrize("side", [12_000, 13_300, 16_383])
def test_a_large_canvas(side) -> None:
    """Its decoder reserves 8 bytes a pixel when it is opened, before anything is asked."""
    with Pool(1, Limits(120, 240)) as pool:
        refused(pool, bombs.webp_canvas(side, side), "megapixels.*more than the 64")


def test_too_much_time() -> None:
    with Pool(1, Limits(seconds=0.3, patience=240)) as pool:
        refused(pool, bombs.many_scans(), r"takes more than 0\.3 s to decode, which is the limit")


def test_a_slow_file_holds_nobody_back() -> None:
    """It takes minutes: whatever the machine, three small photos are decoded in that time."""
    errors: list[Exception] = []

    def wait_for_slow_file() -> None:
        try:
            pool.open(bombs.many_scans(scans=50_000))
        except ImageError as error:
            errors.append(error)

    with Pool(2, PATIENT) as pool:
        slow = threading.Thread(target=wait_for_slow_file)
        slow.start()
        for _ in range(3):
            assert pool.open(PHOTO).shape == (30, 40, 3)
        assert slow.is_alive()
        assert not errors
    slow.join(timeout=60)
    assert len(errors) == 1  # the pool closed before it was done


@LINUX
def test_too_much_memory() -> None:
    with Pool(1, Limits(120, 240, memory=300_000_000)) as pool:
        large = bombs.png(8000, 8000, 8, 2)
        refused(pool, large, r"takes more than 0\.3 GB of memory to decode, which is the limit")


# A quarter of 64 megapixels, in a quarter of the memory.
SIDE, MOST = 4000, 1_000_000_000


def float_tiff() -> bytes:
    return bombs.saved(Image.new("F", (SIDE, SIDE), 0.5), "TIFF", compression="tiff_deflate")


def cmyk_jpeg() -> bytes:
    ink = Image.new("CMYK", (SIDE, SIDE), (0, 120, 120, 0))
    return bombs.saved(ink, "JPEG", progressive=True, quality=50)


def webp() -> bytes:
    return bombs.saved(Image.new("RGBA", (SIDE, SIDE)), "WEBP", lossless=True, method=0)


def thin_png() -> bytes:
    return bombs.png(2, SIDE * SIDE // 2, 8, 2)


def palette_with_transparency() -> bytes:
    return bombs.png(SIDE, SIDE, 8, 3, (b"PLTE", bytes(3)), (b"tRNS", b"\0"))


@LINUX
@pytest.mark.parametrize(
    "large", [float_tiff, cmyk_jpeg, webp, thin_png, palette_with_transparency]
)
def test_64_megapixels_take_less_than_a_gigabyte(pool, large) -> None:
    """All of it: the interpreter, the file, the decoder and the photo."""
    own = address_space(pool)
    with Pool(1, Limits(120, 240, memory=own + (MOST - own) // 4)) as limited:
        photo = limited.open(large())
    assert photo.size == 3 * SIDE * SIDE
    assert len(np.unique(photo[:: max(1, len(photo) // 100), :10])) <= 3


def address_space(pool: Pool) -> int:
    """Bytes that an idle worker has in use before it has decoded anything large."""
    pool.open(PHOTO)
    (worker,) = pool._idle
    lines = Path(f"/proc/{worker._process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmSize"))
