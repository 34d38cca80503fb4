"""Damaged files for the workers that decode uploads: `python -m benchmarks.fuzz --files 5000`.

Seeds of every format are cut, overwritten, spliced and lied about, and each must end as a photo or
as one sentence. Prints how many ended how. A worker that a file brought down is counted too, since
the visitor gets a sentence and the next worker takes over; anything else ends with exit status 1.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from heedmap.errors import ImageError
from heedmap.viz.photo.decode import register_heif
from heedmap.viz.photo.pool import Pool
from PIL import Image, ImageCms

WORKERS = 2
# What the sentence says -> what it is counted as; the first that fits counts.
OUTCOMES = {
    "s to decode, which is the limit": "limit reached: time",
    "of memory to decode": "limit reached: memory",
    "made the decoder crash": "worker crashed",
    "megapixels that are allowed|megapixels and more": "refused: too many pixels",
    "is only": "refused: too few pixels",
    "is not a picture": "refused: not a picture",
    "cannot be decoded here": "refused: damaged, or not supported",
    "breaks off or is damaged": "refused: damaged",
    "is empty": "refused: empty",
}
EXTREMES = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\x7f", b"\0\x01", b"\x80"]

Mutation = Callable[[bytes, bytes, np.random.Generator], bytes]


def seeds() -> list[tuple[str, bytes]]:
    """Sound files of every format, with and without profiles, EXIF data, palettes, frames."""
    register_heif()
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    rgb = Image.fromarray(noise).resize((96, 72))
    exif = Image.Exif()
    exif[0x0112] = 6
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more = {"exif": exif.tobytes(), "icc_profile": icc}
    deep = Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 16)
    ways: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("JPEG", rgb, more),
        ("JPEG", rgb, {"progressive": True}),
        ("JPEG", rgb.convert("CMYK"), {}),
        ("MPO", rgb, {"save_all": True, "append_images": [rgb]}),
        ("PNG", rgb, more),
        ("PNG", rgb.convert("P"), {"transparency": 3}),
        ("PNG", deep, {}),
        ("PNG", rgb, {"save_all": True, "append_images": [rgb.rotate(90)]}),
        ("GIF", rgb, {"save_all": True, "append_images": [rgb.rotate(90)]}),
        ("WEBP", rgb, more),
        ("WEBP", rgb.convert("RGBA"), {"lossless": True}),
        ("AVIF", rgb, more),
        ("HEIF", rgb, more),
        ("BMP", rgb, {}),
        ("BMP", rgb.convert("P"), {}),
        ("DIB", rgb, {}),
        ("TIFF", rgb, more),
        ("TIFF", deep, {}),
        ("TIFF", rgb.convert("F"), {"compression": "tiff_deflate"}),
        ("TIFF", rgb.convert("1"), {"compression": "group4"}),
        ("TIFF", rgb, {"compression": "jpeg"}),
        ("TIFF", rgb.convert("RGBA"), {}),
        ("TIFF", rgb, {"compression": "tiff_lzw"}),
        ("TIFF", rgb, {"compression": "packbits"}),
        ("TIFF", rgb, {"compression": "tiff_lzma"}),
        ("TIFF", rgb, {"compression": "zstd"}),
    ]
    return [(kind, _saved(image, kind, settings)) for kind, image, settings in ways]


def _saved(image: Image.Image, kind: str, settings: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def cut(data: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """Break off somewhere."""
    return data[: rng.integers(1, len(data))]


def flip(data: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite a few bytes anywhere."""
    changed = bytearray(data)
    for place in rng.integers(0, len(data), rng.integers(1, 9)):
        changed[place] = rng.integers(256)
    return bytes(changed)


def lie(data: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """Write extreme numbers into the header."""
    changed = bytearray(data)
    for place in rng.integers(4, min(len(data), 400), rng.integers(1, 4)):
        number = EXTREMES[rng.integers(len(EXTREMES))]
        changed[place : place + len(number)] = number
    return bytes(changed)


def repeat(data: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """Say a part again and again."""
    start, end = sorted(rng.integers(0, len(data), 2))
    return data[:end] + data[start:end] * int(rng.integers(1, 200)) + data[end:]


def drop(data: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """Leave a part out."""
    start, end = sorted(rng.integers(4, len(data), 2))
    return data[:start] + data[end:]


def splice(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Go on as another file."""
    return data[: rng.integers(4, len(data))] + other[rng.integers(0, len(other)) :]


MUTATIONS: tuple[Mutation, ...] = (cut, flip, flip, lie, lie, repeat, drop, splice)


def mutated(number: int, sound: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """The file of this number, always the same: its format and its bytes."""
    rng = np.random.default_rng(number)
    kind, data = sound[number % len(sound)]
    for _ in range(rng.integers(1, 3)):
        other = sound[rng.integers(len(sound))][1]
        data = MUTATIONS[rng.integers(len(MUTATIONS))](data, other, rng)[:20_000_000]
    return kind, data


def outcome(pool: Pool, data: bytes) -> str:
    """How a file ended; starts with "FAILURE" where it must not end so."""
    try:
        photo = pool.open(data)
    except ImageError as error:
        return _counted_as(str(error))
    except Exception as error:
        return f"FAILURE: {error!r}"
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or min(photo.shape) < 2:
        return f"FAILURE: {photo.shape} {photo.dtype}"
    return "decoded"


def _counted_as(sentence: str) -> str:
    one = len(re.findall(r"[.!?](?:\s|$)", sentence)) == 1 and "0x" not in sentence
    known = [name for text, name in OUTCOMES.items() if re.search(text, sentence)]
    return known[0] if one and known else f"FAILURE: {sentence}"


def run(numbers: range) -> Counter[str]:
    """Decode the files of these numbers, and print those that are worth a look."""
    sound, counts = seeds(), Counter[str]()
    with Pool(WORKERS) as pool, ThreadPoolExecutor(WORKERS) as threads:

        def work(number: int) -> tuple[int, str, str]:
            kind, data = mutated(number, sound)
            return number, kind, outcome(pool, data)

        for number, kind, ended in threads.map(work, numbers):
            counts[ended] += 1
            if ended.startswith(("FAILURE", "limit", "worker")):
                print(f"file {number}, {kind}: {ended}", flush=True)
    return counts


def main() -> int:
    """Decode the files and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    given = parser.parse_args()
    start = time.perf_counter()
    counts = run(range(given.first, given.first + given.files))
    print(f"\n{given.files} files in {time.perf_counter() - start:.0f} s\n")
    print("| ended | files |\n|---|---|")
    for ended, count in counts.most_common():
        print(f"| {ended} | {count} |")
    print(f"| all | {counts.total()} |")
    return int(any(ended.startswith("FAILURE") for ended in counts))


if __name__ == "__main__":
    sys.exit(main())
