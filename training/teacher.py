"""What the ViT learns from the CNN: dense features, computed once for each photo.

The CNN's last stage is run with its stride taken out and its kernels dilated instead, which gives
the same weights a map twice as fine. A crop of a photo then takes its targets from that photo's
map, so no teacher runs during training (as in ReLabel, Yun et al. 2021, arXiv 2101.05022).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import timm
import torch
import torch.nn.functional as F
from torch import Tensor

from training import common
from training.augment import normalise
from training.common import Net
from training.data import Photos

GRID = 12  # cells of the stored map along each side of the squashed photo
SHORT, LONG = 160, 256  # px the teacher sees
STRIDE = 16
OFFSET = 5  # px that a cell's receptive field lies below and right of the cell, by its gradients


@dataclass(frozen=True)
class Teacher:
    """Dense features of all photos and the linear classifier on top of them."""

    features: np.ndarray  # (n, channels, GRID, GRID) float16
    weight: Tensor  # (classes, channels)
    bias: Tensor  # (classes,)

    def __call__(self, index: np.ndarray, boxes: Tensor, shape: tuple[int, int]) -> Tensor:
        """Features of each photo's box: (b, channels, *shape) float32."""
        maps = torch.from_numpy(self.features[index]).to(boxes.device).float()
        zero = torch.zeros_like(boxes[:, 0])
        rows = [boxes[:, 0], zero, boxes[:, 2], zero, boxes[:, 1], boxes[:, 3]]
        theta = torch.stack(rows, dim=1).view(-1, 2, 3)
        grid = F.affine_grid(theta, [len(boxes), 1, *shape], align_corners=False)
        return F.grid_sample(maps, grid, padding_mode="border", align_corners=False)

    def logits(self, features: Tensor) -> Tensor:
        """(b, channels, rows, cols) -> (b, classes): the CNN's own pooling and classifier."""
        return F.linear(features.mean((2, 3)), self.weight, self.bias)


def load(folder: Path, photos: Photos, cache: Path) -> Teacher:
    """The teacher of a timm folder, its features of `photos` computed once and kept."""
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()[:12]
    path = cache / f"teacher-{digest}-{len(photos)}-offset-{OFFSET}.npy"
    model = timm.create_model(f"local-dir:{folder}", pretrained=True, output_stride=STRIDE)
    model = model.eval().to(common.device(), memory_format=torch.channels_last)
    if not path.exists():
        _build(model, photos, path)
    classifier = model.get_classifier()
    weight, bias = classifier.weight.detach(), classifier.bias.detach()
    return Teacher(np.load(path, mmap_mode="r"), weight, bias)


@torch.inference_mode()
def _build(model: Net, photos: Photos, path: Path) -> None:
    """Run the teacher over photos of equal shape together."""
    part = path.with_suffix(".part")
    shape = (len(photos), model.num_features, GRID, GRID)
    features = np.lib.format.open_memmap(part, "w+", np.float16, shape)
    sizes = [_size(aspect) for aspect in photos.aspect]
    done = 0
    for size in sorted(set(sizes)):
        alike = np.array([i for i, other in enumerate(sizes) if other == size])
        for index in np.array_split(alike, -(-len(alike) // 64)):
            features[index] = _features(model, photos.pixels[index], size).cpu().numpy()
            done += len(index)
        print(f"teacher: {done}/{len(photos)} photos", flush=True)
    features.flush()
    part.replace(path)


def _features(model: Net, pixels: np.ndarray, size: tuple[int, int]) -> Tensor:
    """(b, 3, S, S) uint8 -> (b, channels, GRID, GRID) float16, mean of the photo and its mirror."""
    photos = torch.from_numpy(pixels).to(common.device()).float().div_(255)
    views = normalise(F.interpolate(photos, size, mode="bilinear", antialias=True))
    maps = (_map(model, views) + _map(model, views.flip(3)).flip(3)) / 2
    return F.interpolate(maps, (GRID, GRID), mode="bilinear", antialias=True).half()


def _map(model: Net, views: Tensor) -> Tensor:
    """(b, 3, h, w) -> (b, channels, h / STRIDE, w / STRIDE), each cell for what lies under it."""
    moved = F.pad(views[..., :-OFFSET, :-OFFSET], (OFFSET, 0, OFFSET, 0), mode="replicate")
    with common.autocast():
        maps: Tensor = model.forward_features(moved.to(memory_format=torch.channels_last))
    return maps.float()


def _size(aspect: float) -> tuple[int, int]:
    """(height, width) in whole strides, the short side SHORT."""
    long = STRIDE * 2 * round(min(LONG, SHORT * max(aspect, 1 / aspect)) / (STRIDE * 2))
    return (SHORT, long) if aspect > 1 else (long, SHORT)
