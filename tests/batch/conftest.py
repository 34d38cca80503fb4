"""Small photos in a folder, and a run in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from heedmap.batch.find import Photo
from heedmap.batch.job import Plan
from heedmap.batch.work import Work
from PIL import Image


def write(path: Path, height: int = 40, width: int = 60, seed: int = 0) -> Path:
    """A photo of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return twelve(tmp_path / "photos")


def twelve(folder: Path) -> Path:
    """A folder with twelve photos of two shapes."""
    for index in range(12):
        wide = index % 3 > 0
        write(folder / f"{index:02}.png", 40, 60 if wide else 40, index)
    return folder


def here(plan: Plan, photos: Sequence[Photo], tell: Callable[[int], object]) -> None:
    """A runner in this process, in parts of four photos."""
    work = Work(plan)
    for start in range(0, len(photos), 4):
        work.do(photos[start : start + 4], tell)


def rows_in(out: Path) -> list[dict]:
    """All rows of a folder of maps."""
    return [
        row
        for part in sorted((out / "maps").glob("*.parquet"))
        for row in pq.read_table(part).to_pylist()
    ]


def each_once(out: Path, layers: int = 6) -> list[str]:
    """The names of the photos that have maps, checked that every one has each layer once."""
    pairs = [(row["path"], row["layer"]) for row in rows_in(out) if row["error"] is None]
    assert len(pairs) == len(set(pairs))
    names = sorted({name for name, _ in pairs})
    assert len(pairs) == layers * len(names)
    return names
