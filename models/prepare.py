"""From a photo to what a model sees: size, crop, patch grid, normalised pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from heedmap.errors import SettingError
from PIL import Image

if TYPE_CHECKING:
    import torch

Fit = Literal["whole", "crop", "squash"]
Box = tuple[float, float, float, float]

FITS: tuple[str, ...] = get_args(Fit)
MAX_SIZE = 1036  # px, short side: 74 patches of 14
MAX_AREA = 2 * MAX_SIZE**2  # px: attention grows with the square of it


@dataclass(frozen=True)
class Preprocessing:
    """How a checkpoint wants its photos.

    `mean` and `std` are per channel, on a scale of 0 to 1. `crop_pct` is the share of the short
    side that the model's own evaluation crop keeps. `interpolation` is "bilinear" or "bicubic".
    """

    size: int = 224
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    crop_pct: float = 0.875
    interpolation: str = "bicubic"

    @property
    def resample(self) -> Image.Resampling:
        return getattr(Image.Resampling, self.interpolation.upper(), Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class Prepared:
    """A photo as one model sees it.

    Attributes:
        pixels: (1, 3, H', W') float32, normalised.
        view: (H', W', 3) uint8, the same pixels as a picture: maps are drawn on this.
        grid: (rows, cols) of patches; for a ConvNet the cells of its last feature map.
        prefix: tokens that stand before the patches.
        patch: side of a patch, px; for a ConvNet its total stride.
        box: (left, top, right, bottom), the region of the photo that `view` shows, photo pixels.
        fit: "whole", "crop" or "squash".
        photo_size: (H, W) of the photo, px.
    """

    pixels: torch.Tensor
    view: np.ndarray
    grid: tuple[int, int]
    prefix: int
    patch: int
    box: Box
    fit: str
    photo_size: tuple[int, int]


def prepare(
    photo: np.ndarray, how: Preprocessing, patch: int, prefix: int, size: int | None, fit: str
) -> Prepared:
    """Fit a photo (H, W, 3) uint8 to a model; see `Adapter.prepare` for the settings.

    Raises:
        SettingError: an array that is no photo, an unknown `fit`, a `size` out of range, or a
            photo so long that it would fill the memory at this size.
    """
    _check(photo, fit)
    size = how.size if size is None else _checked_size(size, patch)
    side = _whole_patches(size, patch)
    if fit == "crop":
        view, box = _centre_crop(photo, side, how)
    else:
        rows_cols = (side, side) if fit == "squash" else _keep_aspect(photo.shape, size, patch)
        view, box = _resize(photo, *rows_cols, how), (0.0, 0.0, photo.shape[1], photo.shape[0])
    return Prepared(
        pixels=_normalise(view, how),
        view=view,
        grid=(view.shape[0] // patch, view.shape[1] // patch),
        prefix=prefix,
        patch=patch,
        box=box,
        fit=fit,
        photo_size=(photo.shape[0], photo.shape[1]),
    )


def _check(photo: np.ndarray, fit: str) -> None:
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise SettingError(
            f"A photo is an (H, W, 3) uint8 array, not {photo.shape} {photo.dtype}: "
            "open it with viz.open_image."
        )
    if fit not in FITS:
        raise SettingError(f"fit={fit!r} is unknown: choose one of {', '.join(FITS)}.")


def _checked_size(size: int, patch: int) -> int:
    if not patch <= size <= MAX_SIZE:
        raise SettingError(
            f"A size of {size} px is out of range: choose {patch} (one patch) to {MAX_SIZE} px."
        )
    return size


def _whole_patches(length: float, patch: int) -> int:
    return max(1, round(length / patch)) * patch


def _keep_aspect(shape: tuple[int, ...], size: int, patch: int) -> tuple[int, int]:
    """The photo with a short side of `size`, each side then rounded to whole patches: (H', W')."""
    scale = size / min(shape[:2])
    height, width = (_whole_patches(length * scale, patch) for length in shape[:2])
    if height * width > MAX_AREA:
        raise SettingError(
            f"At size {size} this photo of {shape[1]} x {shape[0]} px becomes {width} x {height}, "
            "too much for one pass: choose a smaller size, or fit 'crop'."
        )
    return height, width


def _resize(photo: np.ndarray, height: int, width: int, how: Preprocessing) -> np.ndarray:
    return np.asarray(Image.fromarray(photo).resize((width, height), how.resample))


def _centre_crop(photo: np.ndarray, side: int, how: Preprocessing) -> tuple[np.ndarray, Box]:
    """Short side to side / crop_pct, then the middle square, as evaluation scripts do."""
    height, width = photo.shape[:2]
    scale = max(side, int(side / how.crop_pct)) / min(height, width)
    tall, wide = (max(side, round(length * scale)) for length in (height, width))
    top, left = round((tall - side) / 2), round((wide - side) / 2)
    view = _resize(photo, tall, wide, how)[top : top + side, left : left + side].copy()
    across, down = width / wide, height / tall
    box = (left * across, top * down, (left + side) * across, (top + side) * down)
    return view, box


def _normalise(view: np.ndarray, how: Preprocessing) -> torch.Tensor:
    import torch

    pixels = torch.from_numpy(view.copy()).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (how.mean, how.std))
    return ((pixels - mean) / std).unsqueeze(0)
