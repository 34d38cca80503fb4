"""What a module itself says of its input."""

from __future__ import annotations

import math
from typing import Any

from ..prepare import Preprocessing

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)


def of_timm(module: Any) -> Preprocessing:
    """timm keeps it with the module."""
    cfg = getattr(module, "pretrained_cfg", None) or {}
    own = Preprocessing()
    return Preprocessing(
        size=min(cfg.get("input_size", (3, own.size, own.size))[1:]),
        mean=tuple(cfg.get("mean", own.mean)),
        std=tuple(cfg.get("std", own.std)),
        crop_pct=cfg.get("crop_pct") or own.crop_pct,
        interpolation=cfg.get("interpolation") or own.interpolation,
    )


def of_transformers(config: Any) -> Preprocessing:
    """Transformers keeps this beside the model; these are what each family's processor uses."""
    size = _size(config)
    kind = config.model_type
    if "clip" in kind or kind.startswith("blip"):
        return Preprocessing(size, CLIP_MEAN, CLIP_STD, crop_pct=1.0)
    if kind.startswith("dino"):
        return Preprocessing(min(size, 224), crop_pct=224 / 256)
    if kind.startswith(("vit_mae", "vit_msn", "ijepa")):
        return Preprocessing(size, crop_pct=1.0)
    return Preprocessing(size, HALF, HALF, crop_pct=1.0, interpolation="bilinear")


def _size(config: Any) -> int:
    """The side of a photo, px; SigLIP 2's NaFlex says how many patches it has on the average."""
    if hasattr(config, "image_size"):
        return side(config.image_size)
    return side(config.patch_size) * math.isqrt(config.num_patches)


def side(size: Any) -> int:
    """The side of a square, given as one number or as two."""
    return int(size if isinstance(size, int) else math.isqrt(math.prod(size)))
