"""Whole-batch augmentation in torch, from squashed uint8 squares to normalised views."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Crops:
    """Random crops with flips and colour jitter.

    `area` is the crop's share of the photo, `colour` the strength of the jitter.
    """

    side: int
    area: tuple[float, float] = (0.35, 1.0)
    colour: float = 0.3
    grey: float = 0.1

    def __call__(self, pixels: Tensor, aspect: Tensor) -> Tensor:
        """(b, 3, S, S) uint8 and (b,) width / height -> (b, 3, side, side) float32."""
        boxes = random_boxes(aspect, self.area)
        views = sample_boxes(pixels, boxes, (self.side, self.side))
        return normalise(jitter(views, self.colour, self.grey))


def random_boxes(aspect: Tensor, area: tuple[float, float], proportion: float = 1) -> Tensor:
    """Boxes in affine form (b, 4): half width (negative: mirrored), half height, centre x, y.

    All in the square's coordinates from -1 to 1. On the unsquashed photo a box is about
    `proportion` times as wide as high.
    """
    b, device = len(aspect), aspect.device
    share = torch.empty(b, device=device).uniform_(*area)
    ratio = proportion * torch.empty(b, device=device).uniform_(-0.29, 0.29).exp()  # 3/4 to 4/3
    width = ((share * ratio / aspect).sqrt()).clamp(max=1)
    height = ((share / ratio * aspect).sqrt()).clamp(max=1)
    centre_x = (torch.rand(b, device=device) * 2 - 1) * (1 - width)
    centre_y = (torch.rand(b, device=device) * 2 - 1) * (1 - height)
    mirrored = torch.where(torch.rand(b, device=device) < 0.5, -1.0, 1.0)
    return torch.stack([width * mirrored, height, centre_x, centre_y], dim=1)


def sample_boxes(pixels: Tensor, boxes: Tensor, shape: tuple[int, int]) -> Tensor:
    """Resample each box of (b, 3, S, S) uint8 to (b, 3, *shape) float32 in [0, 1]."""
    photos = pixels.float().div_(255)
    if photos.shape[-1] >= 2 * min(shape):
        photos = F.avg_pool2d(photos, 2)  # against aliasing
    zero = torch.zeros_like(boxes[:, 0])
    theta = torch.stack(
        [
            torch.stack([boxes[:, 0], zero, boxes[:, 2]], dim=1),
            torch.stack([zero, boxes[:, 1], boxes[:, 3]], dim=1),
        ],
        dim=1,
    )
    grid = F.affine_grid(theta, [len(boxes), 3, *shape], align_corners=False)
    return F.grid_sample(photos, grid, padding_mode="reflection", align_corners=False)


def jitter(views: Tensor, strength: float, grey: float) -> Tensor:
    """Brightness, contrast and saturation, each photo its own; some photos turn grey."""
    if strength == 0:
        return views
    b, device = len(views), views.device

    def factor() -> Tensor:
        return 1 + strength * (2 * torch.rand(b, 1, 1, 1, device=device) - 1)

    luma = views.mean(1, keepdim=True)
    saturation = torch.where(torch.rand(b, 1, 1, 1, device=device) < grey, 0.0, factor())
    views = luma + (views - luma) * saturation
    middle = luma.mean((2, 3), keepdim=True)
    views = middle + (views - middle) * factor()
    return (views * factor()).clamp_(0, 1)


def centre_view(pixels: Tensor, aspect: Tensor, side: int, crop: float = 0.95) -> Tensor:
    """The evaluation view: the central square, `crop` of the short side, normalised."""
    width = (crop / aspect).clamp(max=crop)
    height = (crop * aspect).clamp(max=crop)
    zero = torch.zeros_like(width)
    boxes = torch.stack([width, height, zero, zero], dim=1)
    fine = sample_boxes(pixels, boxes, (2 * side, 2 * side))  # then halved, against aliasing
    return normalise(F.avg_pool2d(fine, 2))


def normalise(views: Tensor) -> Tensor:
    """[0, 1] -> zero mean and unit deviation per channel."""
    mean = torch.tensor(MEAN, device=views.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=views.device).view(1, 3, 1, 1)
    return (views - mean) / std
