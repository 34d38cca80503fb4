"""How photos are prepared for a checkpoint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heedmap.errors import SettingError, short
from PIL import Image

MIN_CROP = 0.1  # of the short side: no evaluation crop keeps less


@dataclass(frozen=True)
class Preprocessing:
    """How photos are prepared for a checkpoint.

    Attributes:
        size: short side by default, px.
        mean: of each channel, on a scale of 0 to 1.
        std: of each channel, on the same scale.
        crop_pct: share of the short side that the model's own evaluation crop keeps.
        interpolation: "bilinear", "bicubic" or another filter of Pillow.
        dino: whether the fit "squash" does as DINO's own script: it resizes bilinearly, and
            positions are interpolated by DINO's formula.

    Raises:
        SettingError: a value that no photo can be prepared with.
    """

    size: int = 224
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    crop_pct: float = 0.875
    interpolation: str = "bicubic"
    dino: bool = False

    def __post_init__(self) -> None:
        checks = {
            "size": (_whole(self.size) and self.size > 0, "a whole number of pixels above 0"),
            "mean": (_three(self.mean, 0, 1), "three numbers from 0 to 1"),
            "std": (_three(self.std, 1e-6, 1), "three numbers above 0 and up to 1"),
            "crop_pct": (
                _number(self.crop_pct) and MIN_CROP <= self.crop_pct <= 1,
                f"a share from {MIN_CROP} to 1",
            ),
            "interpolation": (_filter(self.interpolation), "bilinear or bicubic"),
            "dino": (isinstance(self.dino, bool), "True or False"),
        }
        for name, (fits, wanted) in checks.items():
            if not fits:
                value = short(getattr(self, name))
                raise SettingError(
                    f"{name}={value} cannot be used to prepare photos: give {wanted}."
                )

    @property
    def resample(self) -> Image.Resampling:
        return Image.Resampling[self.interpolation.upper()]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _three(values: Any, least: float, most: float) -> bool:
    sequence = isinstance(values, Sequence) and not isinstance(values, str) and len(values) == 3
    return sequence and all(_number(value) and least <= value <= most for value in values)


def _filter(name: Any) -> bool:
    return isinstance(name, str) and name.upper() in Image.Resampling.__members__
