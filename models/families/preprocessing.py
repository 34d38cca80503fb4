"""What a module itself says of its input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from heedmap.models.prepare import Preprocessing

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


def of_torchvision() -> Preprocessing:
    """torchvision keeps it with the weights; this is what most of these share."""
    return Preprocessing(interpolation="bilinear")


def torchvision_classes(module: Any) -> Sequence[str] | None:
    """Names of the logits of a classifier of torchvision with as many as ImageNet has."""
    from torchvision.models import ResNet18_Weights

    names: Sequence[str] = ResNet18_Weights.IMAGENET1K_V1.meta["categories"]
    widths = [part.out_features for part in module.modules() if hasattr(part, "out_features")]
    return names if widths and widths[-1] == len(names) else None


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
