"""The window around the strongest patch shows what lies there."""

from __future__ import annotations

import numpy as np
import torch

from training import pointing
from training.augment import sample_boxes
from training.data import Photos

PLACES = [(3, 5), (8, 8), (0, 15)]  # row and column of 16 x 16; the last one in a corner


def planted() -> tuple[torch.Tensor, torch.Tensor]:
    """Black photos with one bright cell each, and maps (3, 16, 16) with their peak there."""
    photos, maps = torch.zeros(3, 3, 160, 160, dtype=torch.uint8), torch.rand(3, 16, 16)
    for i, (row, col) in enumerate(PLACES):
        photos[i, :, 10 * row : 10 * row + 10, 10 * col : 10 * col + 10] = 255
        maps[i, row, col] = 2
    return photos, maps


def test_the_window_holds_the_whole_strongest_cell():
    photos, maps = planted()
    boxes = pointing.windows(maps)
    seen = sample_boxes(photos, boxes, (72, 72))[:, 0]  # a window is 72 px of the photo
    torch.testing.assert_close(seen.sum((1, 2)), torch.full((3,), 100.0), atol=1, rtol=0)
    row, col = torch.nonzero(seen[1]).float().mean(0)
    assert abs(row - 35.5) < 0.6
    assert abs(col - 35.5) < 0.6


def test_the_share_counts_the_labels_that_the_cnn_names():
    photos, maps = planted()
    records = ({"source": "a", "label": "b", "split": "val"},) * 3
    held_out = Photos(photos.numpy(), np.ones(3, np.float32), records)

    def brightness(views: torch.Tensor) -> torch.Tensor:
        """Logits: 1 where the window shows the bright cell."""
        bright = (views.amax((1, 2, 3)) > 2).float()
        return torch.stack([1 - bright, bright], dim=1)

    def share(attention: torch.Tensor) -> float:
        return pointing.share_named(lambda _: attention, brightness, held_out, torch.ones(3), 128)

    assert share(maps) == 1
    assert share(maps.flip(0)) == 1 / 3  # only the middle one points at its own
