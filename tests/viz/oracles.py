"""Small models with random weights, and the attention that each forms itself when run eagerly."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import timm
import torch
import transformers
from torch import nn

TIMM = {
    "ViT": ("vit_tiny_patch16_224", {"embed_dim": 48, "num_heads": 4}),
    "distilled DeiT": ("deit_tiny_distilled_patch16_224", {"embed_dim": 48, "num_heads": 4}),
    "DINO, patch 8": ("vit_small_patch8_224", {"embed_dim": 48, "num_heads": 4, "img_size": 64}),
    "DINOv2": ("vit_small_patch14_dinov2", {"embed_dim": 48, "num_heads": 4, "img_size": 98}),
    "DINOv2 with registers": (
        "vit_small_patch14_reg4_dinov2",
        {"embed_dim": 48, "num_heads": 4, "img_size": 98},
    ),
    "DINOv3": ("vit_small_patch16_dinov3", {"embed_dim": 64, "num_heads": 4, "img_size": 64}),
    "EVA-02": ("eva02_tiny_patch14_224", {"embed_dim": 64, "num_heads": 4, "img_size": 98}),
    "SigLIP": ("vit_base_patch16_siglip_224", {"embed_dim": 48, "num_heads": 4}),
}

SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "image_size": 64,
    "patch_size": 8,
}
TRANSFORMERS = {
    "CLIP": (transformers.CLIPVisionModel, transformers.CLIPVisionConfig),
    "SigLIP": (transformers.SiglipVisionModel, transformers.SiglipVisionConfig),
    "ViT": (transformers.ViTModel, transformers.ViTConfig),
    "DeiT": (transformers.DeiTModel, transformers.DeiTConfig),
    "DINOv2": (transformers.Dinov2Model, transformers.Dinov2Config),
    "DINOv2 with registers": (
        transformers.Dinov2WithRegistersModel,
        transformers.Dinov2WithRegistersConfig,
    ),
    "DINOv3": (transformers.DINOv3ViTModel, transformers.DINOv3ViTConfig),
}


@dataclass
class Case:
    """A module to wrap, and its oracle.

    Attributes:
        module: what is wrapped.
        attention: pixels -> (layers, heads, N, N) float32.
        against: what the oracle is, for the table of the README.
    """

    module: nn.Module
    attention: Callable[[torch.Tensor], torch.Tensor]
    against: str


def timm_case(family: str) -> Case:
    """What goes into the dropout behind the softmax of every block."""
    name, settings = TIMM[family]
    torch.manual_seed(0)
    module = timm.create_model(name, depth=2, **settings).eval()
    eager = timm.create_model(name, depth=2, dynamic_img_size=True, **settings).eval()
    spread(module)
    eager.load_state_dict(module.state_dict())

    def attention(pixels: torch.Tensor) -> torch.Tensor:
        kept: list[torch.Tensor] = []
        for block in eager.blocks:
            block.attn.fused_attn = False
            block.attn.attn_drop.register_forward_hook(lambda _, i, o: kept.append(i[0][0]))
        with torch.no_grad():
            eager(pixels)
        return torch.stack(kept)

    return Case(module, attention, "timm, unfused")


def transformers_case(family: str) -> Case:
    """The same weights in a model that forms its attention itself and gives it back."""
    model, config = TRANSFORMERS[family]
    torch.manual_seed(0)
    settings = config(**SMALL, num_register_tokens=3)
    module = model(settings).eval()
    spread(module)
    eager = model(copy.deepcopy(settings)).eval()
    eager.set_attn_implementation("eager")
    eager.load_state_dict(module.state_dict())
    how = {} if family.startswith("DINO") else {"interpolate_pos_encoding": True}

    def attention(pixels: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            output = eager(pixel_values=pixels, output_attentions=True, **how)
        return torch.stack([layer[0] for layer in output.attentions])

    return Case(module, attention, "Transformers, eager with `output_attentions=True`")


# Every family that an oracle holds, by its name; other files add to it.
CASES: dict[str, Callable[[], Case]] = {
    **{f"timm {family}": partial(timm_case, family) for family in TIMM},
    **{f"Transformers {family}": partial(transformers_case, family) for family in TRANSFORMERS},
}


def case(name: str) -> Case:
    """The case of this name, with fresh modules."""
    return CASES[name]()


def spread(module: nn.Module) -> None:
    """Fresh weights attend almost evenly; spread them, so that a mistake cannot hide."""
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if weight.ndim > 1:
                weight.normal_(0, 0.3 if "patch_embed" not in name else 0.05)
