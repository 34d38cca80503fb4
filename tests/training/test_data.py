"""What may be trained on, how often, and that a crop and its teaching are of the same place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training import shards
from training import common, data
from training.augment import random_boxes, sample_boxes
from training.common import Phase, Run, Schedule
from training.teacher import GRID, Teacher


def test_no_validation_photo_is_trained_on(tmp_path: Path):
    folder = shards.write(tmp_path / "photos", shards.records(captioned=203))
    chosen = data.training_photos(folder, tmp_path / "cache").records
    held_out = data.validation_photos(folder, tmp_path / "cache").records
    assert len(held_out) == 8
    assert all(record["split"] == "val" for record in held_out)
    assert all(record["split"] == "train" for record in chosen)
    assert len(chosen) == 81 + 3


def test_the_last_captioned_photos_are_held_out(tmp_path: Path):
    folder = shards.write(tmp_path / "photos", shards.records(captioned=203))
    kept = data.held_out_captioned(folder, tmp_path / "cache").records
    chosen = data.training_photos(folder, tmp_path / "cache").records
    heard = {record["captions"][0] for record in chosen if "captions" in record}
    assert heard == {f"photo {i} ." for i in range(3)}
    assert len(kept) == 200
    assert not heard & {record["captions"][0] for record in kept}


def test_weights_give_a_label_the_power_of_its_photos():
    weight = common.label_weights(["a"] * 16 + ["b"], power=0.5)
    assert weight[:16].sum() == pytest.approx(0.8)  # 4 : 1
    assert weight.sum() == pytest.approx(1)


def test_a_source_gets_its_share(tmp_path: Path):
    folder = shards.write(tmp_path / "photos", shards.records(captioned=203))
    photos = data.training_photos(folder, tmp_path / "cache")
    even = np.full(len(photos), 1 / len(photos))
    shares = {"imagenette": 0.4, "cats-dogs": 0.3, "caltech101": 0.2, "pacs": 0.05,
              "imagenet-sample": 0.03, "flickr8k": 0.02}  # fmt: skip
    weight = common.source_weights(photos, even, shares)
    for source, share in shares.items():
        mine = [i for i, record in enumerate(photos.records) if record["source"] == source]
        assert weight[mine].sum() == pytest.approx(share)
    few = common.source_weights(photos, even, {"flickr8k": 0.5})
    captioned = np.array([record["source"] == "flickr8k" for record in photos.records])
    assert few[captioned].sum() == pytest.approx(0.5)
    np.testing.assert_allclose(few[~captioned], 0.5 / (~captioned).sum())


def test_a_crop_is_taught_by_the_same_place():
    """One bright cell in the photo and in the teacher's map: they meet in every crop."""
    rng = np.random.default_rng(0)
    n, side = 64, 12  # photos; cells of a crop
    cells = rng.integers(2, GRID - 2, (n, 2))
    maps = np.zeros((n, 1, GRID, GRID), np.float16)
    photos = torch.zeros(n, 3, 16 * GRID, 16 * GRID, dtype=torch.uint8)
    for i, (row, col) in enumerate(cells):
        maps[i, 0, row, col] = 1
        photos[i, :, 16 * row : 16 * row + 16, 16 * col : 16 * col + 16] = 255
    torch.manual_seed(0)
    boxes = random_boxes(torch.full((n,), 1.5), (0.35, 1.0))
    taught = Teacher(maps, torch.zeros(1, 1), torch.zeros(1))(np.arange(n), boxes, (side, side))[
        :, 0
    ]
    seen = torch.nn.functional.avg_pool2d(sample_boxes(photos, boxes, (8 * side, 8 * side)), 8)[
        :, 0
    ]
    inside = (taught.amax((1, 2)) > 0.5) & (seen.amax((1, 2)) > 0.5)
    assert inside.sum() > n / 2
    places = [maps[inside].flatten(1).argmax(1) for maps in (taught, seen)]
    apart = [
        (a - b).abs().max() for a, b in zip(*([p // side, p % side] for p in places), strict=True)
    ]
    assert max(apart) <= 1


class Counter:
    """State that a checkpoint can carry."""

    def __init__(self) -> None:
        self.count = torch.zeros(())

    def state_dict(self) -> dict[str, torch.Tensor]:
        return {"count": self.count}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        self.count = state["count"]


def test_a_run_goes_on_from_its_checkpoint(tmp_path: Path):
    schedule = Schedule((Phase(2, 64, 10), Phase(1, 96, 10)), photos=50)
    run = Run(schedule, {"counter": Counter()}, tmp_path / "run.pt", minutes_between=0)
    for step, _ in run:
        run.state["counter"].count += step
        if step == 6:
            break  # step 6 was not saved, step 5 was
    again = Run(schedule, {"counter": Counter()}, tmp_path / "run.pt")
    rest = [(step, phase.side) for step, phase in again]
    assert rest == [(step, 64 if step < 10 else 96) for step in range(6, 15)]
    assert again.state["counter"].count == sum(range(6))
