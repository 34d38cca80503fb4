"""Photo shards -> uint8 arrays, and the one place that keeps held-out photos out of training.

A photo is cached squashed to a square together with its aspect ratio. Crops are drawn in the
photo's own proportions and sampled straight from that square (see `training.augment`), so nothing
of a wide photo is lost and one array holds them all.
"""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

DEFAULT_DATA = Path("../shared/data/photos")
DEFAULT_CACHE = Path(tempfile.gettempdir()) / "heedmap-training"
SIDE = 160  # px of the cached square; the shards' short side is at most 160
HELD_OUT_CAPTIONED = 200  # captioned photos kept for measuring retrieval

Sample = tuple[bytes, dict[str, Any]]  # an encoded photo and what is known of it


@dataclass(frozen=True)
class Photos:
    """Photos with what is known of each; all fields have length n."""

    pixels: np.ndarray  # (n, 3, SIDE, SIDE) uint8, squashed to a square
    aspect: np.ndarray  # (n,) float32, width / height before squashing
    records: tuple[dict[str, Any], ...]  # source, label or captions, split

    def __len__(self) -> int:
        return len(self.records)

    def subset(self, keep: Sequence[int] | np.ndarray) -> Photos:
        """The photos at the given indices, in that order."""
        index = np.asarray(keep, dtype=np.int64)
        records = tuple(self.records[i] for i in index)
        return Photos(self.pixels[index], self.aspect[index], records)

    def of_source(self, *sources: str) -> Photos:
        """The photos that come from any of the given sources."""
        return self.subset([i for i, r in enumerate(self.records) if r["source"] in sources])


def training_photos(data: Path = DEFAULT_DATA, cache: Path = DEFAULT_CACHE) -> Photos:
    """Every photo that may be trained on: neither `split == "val"` nor held-out captions."""
    photos = _all_photos(data, cache)
    held_out = set(held_out_places(photos.records))
    keep = [i for i, r in enumerate(photos.records) if r["split"] != "val" and i not in held_out]
    chosen = photos.subset(keep)
    if any(record["split"] == "val" for record in chosen.records):
        raise AssertionError("validation photos reached the training set")
    return chosen


def validation_photos(data: Path = DEFAULT_DATA, cache: Path = DEFAULT_CACHE) -> Photos:
    """The photos with `split == "val"`: for measuring and for choosing among checkpoints."""
    photos = _all_photos(data, cache)
    return photos.subset([i for i, r in enumerate(photos.records) if r["split"] == "val"])


def held_out_captioned(data: Path = DEFAULT_DATA, cache: Path = DEFAULT_CACHE) -> Photos:
    """The 200 captioned photos that no training sees."""
    photos = _all_photos(data, cache)
    return photos.subset(held_out_places(photos.records))


def read_photos(data: Path = DEFAULT_DATA) -> list[Sample]:
    """Every photo as it lies in the shards, for measuring through the app's own preparation."""
    shards = sorted(data.glob("photos-*.tar"))
    if not shards:
        raise FileNotFoundError(f"no photos-*.tar in {data}; pass the folder with --data")
    return [sample for shard in shards for sample in _read_shard(shard)]


def label_of(record: dict[str, Any]) -> str | None:
    """The label of a photo, or None where it has captions only."""
    return record.get("label")


def held_out_places(records: Sequence[dict[str, Any]]) -> list[int]:
    """Where the captioned photos stand that are kept from training: the last 200 of them."""
    captioned = [i for i, r in enumerate(records) if r["source"] == "flickr8k"]
    return captioned[-HELD_OUT_CAPTIONED:]


def _all_photos(data: Path, cache: Path) -> Photos:
    """All photos in shard order; decoded once, then mapped from the cache."""
    folder = cache / f"{data.resolve().parent.name}-{data.name}-{SIDE}"
    if not (folder / "records.json").exists():
        _build_cache(data, folder)
    records = tuple(json.loads((folder / "records.json").read_text()))
    pixels = np.load(folder / "pixels.npy", mmap_mode="r")
    aspect = np.array([r["width"] / r["height"] for r in records], dtype=np.float32)
    return Photos(pixels, aspect, records)


def _build_cache(data: Path, folder: Path) -> None:
    samples = read_photos(data)
    folder.mkdir(parents=True, exist_ok=True)
    shape = (len(samples), 3, SIDE, SIDE)
    pixels = np.lib.format.open_memmap(folder / "pixels.npy", "w+", np.uint8, shape)
    with ThreadPoolExecutor() as pool:
        for i, square in enumerate(pool.map(_decode, (photo for photo, _ in samples))):
            pixels[i] = square
    pixels.flush()
    (folder / "records.json").write_text(json.dumps([record for _, record in samples]))


def _read_shard(shard: Path) -> Iterator[Sample]:
    """Yield (photo bytes, record) in the shard's order."""
    photo = b""
    with tarfile.open(shard) as archive:
        for member in archive:
            stream = archive.extractfile(member)
            if stream is None:
                continue
            if member.name.endswith(".json"):
                yield photo, json.loads(stream.read())
            else:
                photo = stream.read()


def _decode(photo: bytes) -> np.ndarray:
    """Bytes -> (3, SIDE, SIDE) uint8."""
    image = Image.open(io.BytesIO(photo)).convert("RGB")
    square = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(square).transpose(2, 0, 1)
