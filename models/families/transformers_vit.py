"""Vision towers of Transformers."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from typing import Any

import torch
from heedmap.models.catalogue.entries import contrastive
from heedmap.models.families.family import ATTENTION, TOKENS
from heedmap.models.families.preprocessing import of_transformers, side
from heedmap.models.families.sharing import sharing
from torch import nn

NEEDED = ("patch_size", "num_attention_heads", "num_hidden_layers", "hidden_size")


class TransformersViT:
    """Vision towers of Transformers, alone or within a larger model: CLIP, ViT, DINOv2, BLIP ..."""

    def __init__(self, module: Any) -> None:
        tower = next(_towers(module))
        config = tower.config
        self.module = tower
        self.can = ATTENTION
        if contrastive(config.model_type):
            self.can |= {"contrastive"}
        if hasattr(module, "text_model"):
            self.can |= {"text"}
        self.patch = side(config.patch_size)
        self.has_cls, self.prefix = _prefix(tower)
        pool = ("pool",) if getattr(tower, "use_head", False) else ()
        self.kinds = pool + (TOKENS if self.has_cls else TOKENS[1:])
        self.depth, self.heads = int(config.num_hidden_layers), int(config.num_attention_heads)
        self.preprocessing = of_transformers(config)
        self._asks_for_any_size = "interpolate_pos_encoding" in _arguments(tower)

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return next(_towers(module), None) is not None

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        how = {"interpolate_pos_encoding": True} if self._asks_for_any_size else {}
        return vector(self.module, self.module(pixel_values=pixels, **how))


class TransformersMAE(TransformersViT):
    """MAE's encoder, which hides and shuffles patches unless it is told not to."""

    def __init__(self, module: Any) -> None:
        tower = next(part for part in _towers(module) if not hasattr(part, "decoder"))
        super().__init__(tower)
        self.module = sharing(tower)
        self.module.embeddings.config = copy.copy(tower.config)
        self.module.embeddings.config.mask_ratio = 0.0

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return any(tower.config.model_type == "vit_mae" for tower in _towers(module))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        patches = pixels.shape[-2] // self.patch * (pixels.shape[-1] // self.patch)
        order = torch.arange(patches, device=pixels.device, dtype=torch.float32).unsqueeze(0)
        output = self.module(pixel_values=pixels, noise=order, interpolate_pos_encoding=True)
        return vector(self.module, output)


class TransformersNaFlex(TransformersViT):
    """SigLIP 2's NaFlex tower, which is handed patches and the shape of their grid."""

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return any("spatial_shapes" in _arguments(tower) for tower in _towers(module))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        p = self.patch
        grid = (pixels.shape[-2] // p, pixels.shape[-1] // p)
        cells = pixels.reshape(1, 3, grid[0], p, grid[1], p)
        patches = cells.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)  # (1, r c, p p 3)
        output = self.module(
            pixel_values=patches,
            pixel_attention_mask=patches.new_ones(patches.shape[:2], dtype=torch.long),
            spatial_shapes=torch.tensor([grid], device=pixels.device),
        )
        return vector(self.module, output)


def vector(module: nn.Module, output: Any) -> torch.Tensor:
    """The logits or the features among what a model of Transformers returns."""
    for name in ("logits", "pooler_output", "last_hidden_state"):
        if getattr(output, name, None) is not None:
            found: torch.Tensor = getattr(output, name)
            return found.flatten(1) if name == "pooler_output" else found
    raise TypeError(f"{type(module).__name__} returned neither logits nor features")


def _towers(module: nn.Module) -> Iterator[Any]:
    """The parts of a model that take a photo alone and attend over patches, the outermost first."""
    for part in module.modules():
        config = getattr(part, "config", None)
        plain = all(_is_count(getattr(config, name, None)) for name in NEEDED)
        if plain and not hasattr(config, "num_frames") and _takes_a_photo(part):
            yield part


def _takes_a_photo(part: nn.Module) -> bool:
    taken = _arguments(part)
    needed = {name for name, each in taken.items() if each.default is each.empty}
    others = needed - {"kwargs", "pixel_values", "pixel_attention_mask", "spatial_shapes"}
    return "pixel_values" in taken and "input_ids" not in taken and not others


def _is_count(value: Any) -> bool:
    """One number, or a side of a patch given as two; models with stages give one for each."""
    return isinstance(value, int) or (isinstance(value, list | tuple) and len(value) == 2)


def _arguments(part: nn.Module) -> Any:
    return inspect.signature(part.forward).parameters


def _prefix(tower: nn.Module) -> tuple[bool, int]:
    """Whether there is a CLS token, and how many tokens stand before the patches."""
    weights = dict(tower.named_parameters())
    tokens = {n.rsplit(".", 1)[-1]: w for n, w in weights.items() if not n.startswith("head.")}
    has_cls = "cls_token" in tokens or "class_embedding" in tokens
    registers = tokens["register_tokens"].shape[-2] if "register_tokens" in tokens else 0
    return has_cls, int(has_cls) + int("distillation_token" in tokens) + registers
