"""A folder of photo shards like those that the bundled models are trained on, but tiny."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Record = dict[str, Any]

LABELS = {"imagenette": ("church", "golf ball"), "caltech101": ("ant", "chair"),
          "cats-dogs": ("cat", "dog"), "pacs": ("dog", "horse")}  # fmt: skip


def records(captioned: int) -> list[Record]:
    """Some photos of every source and split; `captioned` of flickr8k."""
    labelled = [
        {"source": source, "label": label, "split": split}
        for source, labels in LABELS.items()
        for label in labels
        for split in ["train"] * 10 + ["val"]
    ]
    rare = [{"source": "imagenet-sample", "label": "teapot", "split": "train"}]
    spoken = [
        {"source": "flickr8k", "split": "train", "captions": [f"photo {i} .", f"the {i}th photo ."]}
        for i in range(captioned)
    ]
    return labelled + rare + spoken


def write(folder: Path, described: Iterable[Record], size: tuple[int, int] = (48, 40)) -> Path:
    """One shard of noise photos, `size` (width, height) px; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    with tarfile.open(folder / "photos-000.tar", "w") as shard:
        for i, record in enumerate(described):
            stream = io.BytesIO()
            noise = rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            Image.fromarray(noise).save(stream, "WEBP")
            known = {**record, "width": size[0], "height": size[1]}
            _add(shard, f"{i:06}.webp", stream.getvalue())
            _add(shard, f"{i:06}.json", json.dumps(known).encode())
    return folder


def _add(shard: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    shard.addfile(member, io.BytesIO(content))
