"""Vision towers of Transformers."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Iterator
from typing import Any

import torch
from heedmap.models.catalogue.entries import contrastive
from heedmap.models.families import dino
from heedmap.models.families.family import ATTENTION, TOKENS
from heedmap.models.families.order import Order, layers_of_tower, measured
from heedmap.models.families.preprocessing import of_transformers, side
from heedmap.models.families.sharing import sharing
from heedmap.models.families.stream import Stream, stream
from torch import nn

CLS = ("cls_token", "class_embedding", "cls_register_token")
BEFORE = ("distillation_token", "register_tokens")
BEHIND = ("detection_tokens",)
COUNTS = ("num_attention_heads", "num_hidden_layers", "hidden_size")


class TransformersViT:
    """Vision towers of Transformers, alone or within a larger model: CLIP, ViT, DINOv2, BLIP ..."""

    def __init__(self, module: Any) -> None:
        tower = _tower(module)
        config = tower.config
        self.module = tower
        self.can = ATTENTION
        if contrastive(config.model_type):
            self.can |= {"contrastive"}
        if hasattr(module, "text_model"):
            self.can |= {"text"}
        self.patch = side(config.patch_size)
        self.preprocessing = of_transformers(config)
        self.order = self._order()
        pool = ("pool",) if getattr(tower, "use_head", False) else ()
        self.kinds = pool + (TOKENS if self.order.cls else TOKENS[1:])
        self.depth, self.heads = int(config.num_hidden_layers), int(config.num_attention_heads)

    @property
    def stream(self) -> Stream:
        """Blocks and final norm."""
        return stream(self.module, layers_of_tower(self.module))

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return next(_towers(module), None) is not None

    @property
    def can_be_dino(self) -> bool:
        """Whether positions can be interpolated by DINO's formula: one table, CLS and patches."""
        plain = type(self) is TransformersViT and self.order == Order(1, 0, 1)
        return plain and _with_positions(self.module) is not None

    def forward(self, pixels: torch.Tensor) -> Any:
        return called(self.module, pixels)

    def forward_as_dino(self, pixels: torch.Tensor) -> Any:
        clone = sharing(self.module)
        embeds = _with_positions(clone)
        side = math.isqrt(embeds.position_embeddings.shape[1] - 1)
        rows, cols = (int(length) // self.patch for length in pixels.shape[-2:])
        table = dino.positions(embeds.position_embeddings, (side, side), (rows, cols))
        embeds.interpolate_pos_encoding = lambda *_: table
        return called(clone, pixels)

    def _order(self) -> Order:
        """As measured; of a module without content as its weights are named."""
        tower = self.module
        if next(tower.parameters()).is_meta:
            return named_order(tower)
        size = self.preprocessing.size // self.patch * self.patch
        return measured(tower, size, self.patch, _cls_weights(tower))


class TransformersMAE(TransformersViT):
    """MAE's encoder, which hides and shuffles patches unless it is told not to."""

    def __init__(self, module: Any) -> None:
        super().__init__(next(part for part in _towers(module) if not hasattr(part, "decoder")))

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return any(tower.config.model_type == "vit_mae" for tower in _towers(module))

    def _order(self) -> Order:
        return named_order(self.module)

    def forward(self, pixels: torch.Tensor) -> Any:
        patches = pixels.shape[-2] // self.patch * (pixels.shape[-1] // self.patch)
        order = torch.arange(patches, device=pixels.device, dtype=torch.float32)
        module = sharing(self.module)
        module.embeddings.config = copy.copy(module.config)
        module.embeddings.config.mask_ratio = 0.0
        return module(
            pixel_values=pixels, noise=order.expand(len(pixels), -1), interpolate_pos_encoding=True
        )


class TransformersNaFlex(TransformersViT):
    """SigLIP 2's NaFlex tower, which takes patches and the shape of their grid."""

    @staticmethod
    def matches(module: nn.Module) -> bool:
        return any("spatial_shapes" in _arguments(tower) for tower in _towers(module))

    def _order(self) -> Order:
        return named_order(self.module)

    def forward(self, pixels: torch.Tensor) -> Any:
        p = self.patch
        grid = (pixels.shape[-2] // p, pixels.shape[-1] // p)
        cells = pixels.reshape(-1, 3, grid[0], p, grid[1], p)
        patches = cells.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)  # (n, r c, p p 3)
        return self.module(
            pixel_values=patches,
            pixel_attention_mask=patches.new_ones(patches.shape[:2], dtype=torch.long),
            spatial_shapes=torch.tensor([grid] * len(pixels), device=pixels.device),
        )


def _with_positions(tower: Any) -> Any:
    """The part that holds positions of CLS and a square of patches, None where none does."""
    for part in tower.modules():
        table = getattr(part, "position_embeddings", None)
        if isinstance(table, torch.Tensor) and hasattr(part, "interpolate_pos_encoding"):
            patches = table.shape[1] - 1
            return part if math.isqrt(patches) ** 2 == patches else None
    return None


def called(module: nn.Module, pixels: torch.Tensor) -> Any:
    """What a model of Transformers returns, asked for a photo of any size where it can be."""
    any_size = "interpolate_pos_encoding" in _arguments(module)
    how = {"interpolate_pos_encoding": True} if any_size else {}
    return module(pixel_values=pixels, **how)


def _tower(module: nn.Module) -> Any:
    """The part that runs: a classifier whole, else the innermost, whose output has no further use.

    What is around a tower may ask for more than maps need: a decoder for masked patches takes
    square photos alone.
    """
    first = next(_towers(module))
    return first if hasattr(first, "classifier") else list(_towers(first))[-1]


def _towers(module: nn.Module) -> Iterator[Any]:
    """The parts of a model that take a photo alone and attend over patches, the outermost first.

    Of a module of another library there are none: what it does to the photo before is not known.
    """
    if not hasattr(getattr(module, "config", None), "model_type"):
        return
    for part in module.modules():
        config = getattr(part, "config", None)
        plain = all(isinstance(getattr(config, name, None), int) for name in COUNTS)
        image = plain and _is_side(getattr(config, "patch_size", None))
        image = image and not hasattr(config, "num_frames") and _takes_a_photo(part)
        if image and layers_of_tower(part) is not None:  # else it is the embedding alone
            yield part


def _takes_a_photo(part: nn.Module) -> bool:
    taken = _arguments(part)
    needed = {name for name, each in taken.items() if each.default is each.empty}
    others = needed - {"kwargs", "pixel_values", "pixel_attention_mask", "spatial_shapes"}
    return "pixel_values" in taken and "input_ids" not in taken and not others


def _is_side(value: Any) -> bool:
    """The side of a patch, as one number or as two; models with stages give one for each."""
    return isinstance(value, int) or (isinstance(value, list | tuple) and len(value) == 2)


def _arguments(part: nn.Module) -> Any:
    return inspect.signature(part.forward).parameters


def named_order(tower: Any) -> Order:
    """The order of the tokens as the weights are named: CLS, others, patches, detection tokens."""
    tokens = {name.rpartition(".")[2]: weight for name, weight in tower.named_parameters()}
    cls = sum(_cls_weights(tower).values())
    before = sum(_count(tokens[name]) for name in BEFORE if name in tokens)
    if "cls_register_token" in tokens:
        before += int(tower.config.num_registers)
    behind = sum(_count(tokens[name]) for name in BEHIND if name in tokens)
    return Order(cls + before, behind, cls)


def _cls_weights(tower: Any) -> dict[str, int]:
    """{name of the weight: CLS tokens that it holds}; RADIO's holds registers too."""
    found = {}
    for name, weight in tower.named_parameters():
        if name.rpartition(".")[2] in CLS and not name.startswith("head."):
            found[name] = getattr(tower.config, "num_cls_tokens", None) or _count(weight)
    return found


def _count(weight: torch.Tensor) -> int:
    """Tokens in a weight (1, tokens, dim) or (tokens, dim), or one alone (dim)."""
    return int(weight.shape[-2]) if weight.ndim > 1 else 1
