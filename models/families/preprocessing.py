"""What a module itself says of its input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from heedmap.models.families import dino
from heedmap.models.preprocessing import Preprocessing
from timm.data.constants import OPENAI_CLIP_MEAN, OPENAI_CLIP_STD

HALF = (0.5, 0.5, 0.5)
NONE, ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)  # of a module that normalises its input itself
PLAIN = ("dino", "vit_mae", "vit_msn", "ijepa", "yolos", "pixio")  # ImageNet's mean and std


def of_timm(module: Any, built_for: int | None = None) -> Preprocessing:
    """timm keeps it with the module, or with the one that somebody's own module holds.

    Args:
        built_for: the side of the photos that the module was built for, px, where it is known.
    """
    parts = (getattr(part, "pretrained_cfg", None) for part in module.modules())
    cfg: dict[str, Any] = next((found for found in parts if found), {})
    own = Preprocessing()
    return Preprocessing(
        size=built_for or _built_for(module) or min(cfg.get("input_size", (0, own.size))[1:]),
        mean=tuple(cfg.get("mean", own.mean)),
        std=tuple(cfg.get("std", own.std)),
        crop_pct=cfg.get("crop_pct") or own.crop_pct,
        interpolation=cfg.get("interpolation") or own.interpolation,
        dino=cfg.get("tag") == "dino" and hasattr(module, "pos_embed"),
    )


def _built_for(module: Any) -> int | None:
    """The short side of the photos that the module was built for; a ConvNet is built for none."""
    patches = getattr(module, "patch_embed", None)
    size = getattr(patches, "img_size", None) or getattr(module, "img_size", None)
    return min(size) if isinstance(size, list | tuple) else size


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
        return Preprocessing(size, OPENAI_CLIP_MEAN, OPENAI_CLIP_STD, crop_pct=1.0)
    if kind == "radio":
        return Preprocessing(size, NONE, ONE, crop_pct=1.0)
    as_dino = kind == "vit" and dino.is_named(str(getattr(config, "_name_or_path", "")))
    if as_dino or kind.startswith("dino"):
        return Preprocessing(min(size, 224), crop_pct=224 / 256, dino=as_dino)
    if kind.startswith(PLAIN):
        return Preprocessing(size, crop_pct=1.0)
    return Preprocessing(size, HALF, HALF, crop_pct=1.0, interpolation="bilinear")


def _size(config: Any) -> int:
    """The short side of a photo, px; SigLIP 2's NaFlex says how many patches it has on average."""
    size = getattr(config, "image_size", None)
    if size is not None:
        return min(size) if isinstance(size, list | tuple) else int(size)
    return side(config.patch_size) * math.isqrt(config.num_patches)


def side(size: Any) -> int:
    """The side of a square, given as one number or as two."""
    return int(size if isinstance(size, int) else math.isqrt(math.prod(size)))
