"""Small models with random weights, and the attention that each forms itself when run eagerly."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import timm
import torch
import transformers
from torch import nn
from transformers.models.siglip2.image_processing_siglip2 import convert_image_to_patches


def one_is_quick(shapes: dict[str, Any]) -> list[Any]:
    """Shapes of photos as parameters of a test: `make quick` runs the first, the rest are slow."""
    first = next(iter(shapes))
    return [
        pytest.param(shape, id=name, marks=[] if name == first else pytest.mark.slow)
        for name, shape in shapes.items()
    ]


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
    "SigLIP 2": ("vit_base_patch16_siglip_256", {"embed_dim": 48, "num_heads": 4}),
    "SigLIP 2 NaFlex": ("naflexvit_base_patch16_siglip", {"embed_dim": 48, "num_heads": 4}),
    "CLIP": ("vit_base_patch16_clip_224", {"embed_dim": 48, "num_heads": 4}),
    "DeiT III": ("deit3_small_patch16_224", {"embed_dim": 48, "num_heads": 4}),
    "MAE": ("vit_base_patch16_224.mae", {"embed_dim": 48, "num_heads": 4}),
    "BEiT": ("beit_base_patch16_224", {"embed_dim": 48, "num_heads": 4, "img_size": 64}),
    "BEiT v2": ("beitv2_base_patch16_224", {"embed_dim": 48, "num_heads": 4, "img_size": 64}),
    "ViT with relative positions": (
        "vit_relpos_small_patch16_224",
        {"embed_dim": 48, "num_heads": 4, "img_size": 64},
    ),
    "hybrid of ResNet and ViT": ("vit_tiny_r_s16_p8_224", {"embed_dim": 48, "num_heads": 4}),
    "Perception Encoder": ("vit_pe_core_tiny_patch16_384", {"embed_dim": 64, "num_heads": 4}),
    "AIMv2": ("aimv2_large_patch14_224", {"embed_dim": 48, "num_heads": 4, "img_size": 98}),
    "ViT with mixed RoPE": ("vit_small_patch16_rope_mixed_224", {"embed_dim": 64, "num_heads": 4}),
    "ViT with parallel blocks": ("vit_small_patch16_18x2_224", {"embed_dim": 48, "num_heads": 4}),
    "ViT with fused blocks": ("vit_large_patch14_xp_224", {"embed_dim": 48, "num_heads": 4}),
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
    "BEiT": (transformers.BeitModel, transformers.BeitConfig),
    "BLIP": (transformers.BlipVisionModel, transformers.BlipVisionConfig),
    "MSN": (transformers.ViTMSNModel, transformers.ViTMSNConfig),
    "I-JEPA": (transformers.IJepaModel, transformers.IJepaConfig),
    "Chinese CLIP": (transformers.ChineseCLIPVisionModel, transformers.ChineseCLIPVisionConfig),
    "MLCD": (transformers.MLCDVisionModel, transformers.MLCDVisionConfig),
    "MAE": (transformers.ViTMAEModel, transformers.ViTMAEConfig),
    "SigLIP 2 NaFlex": (transformers.Siglip2VisionModel, transformers.Siglip2VisionConfig),
    "Pixio": (transformers.PixioModel, transformers.PixioConfig),
    "YOLOS": (transformers.YolosModel, transformers.YolosConfig),
    "RADIO": (transformers.RadioModel, transformers.RadioConfig),
}
# What only some of them can be told; others would keep it and never ask for it.
BEIT = {"use_relative_position_bias": True, "use_shared_relative_position_bias": True}
SETTINGS: dict[str, dict[str, object]] = {
    "BEiT": BEIT,
    "SigLIP 2 NaFlex": {"num_patches": 64},
    "Pixio": {"n_cls_tokens": 8},
    "YOLOS": {"image_size": [64, 96], "num_detection_tokens": 7},
    "RADIO": {"max_img_size": 128, "num_registers": 4},
}
# (tokens behind the patches, how many of the first are CLS), where it is not (0, 1).
PLACES = {"Pixio": (0, 8), "YOLOS": (7, 1), "RADIO": (0, 3)}


@dataclass
class Case:
    """A module to wrap, and its oracle.

    Attributes:
        module: what is wrapped.
        attention: pixels -> (layers, heads, N, N) float32.
        against: what the oracle is, for the table of the README.
        suffix: tokens behind the patches.
        cls: how many of the first tokens are CLS tokens, where there is one.
    """

    module: nn.Module
    attention: Callable[[torch.Tensor], torch.Tensor]
    against: str
    suffix: int = 0
    cls: int = 1


def timm_case(family: str) -> Case:
    """What goes into the dropout behind the softmax of every block."""
    name, settings = TIMM[family]
    torch.manual_seed(0)
    module = timm.create_model(name, depth=2, **settings).eval()
    dynamic = hasattr(module, "dynamic_img_size")
    how = {"dynamic_img_size": True} if dynamic else {}
    eager = timm.create_model(name, depth=2, **how, **settings).eval()
    spread(module)
    eager.load_state_dict(module.state_dict())

    def attention(pixels: torch.Tensor) -> torch.Tensor:
        kept: list[torch.Tensor] = []
        own = copy.deepcopy(eager)
        if not dynamic and hasattr(own, "set_input_size"):
            own.set_input_size(tuple(pixels.shape[-2:]))
        for part in own.blocks.modules():
            if hasattr(part, "fused_attn"):
                part.fused_attn = False
                part.attn_drop.register_forward_hook(lambda _, i, o: kept.append(i[0][0]))
        with torch.no_grad():
            own(pixels)
        return torch.stack(kept)

    return Case(module, attention, "timm, unfused")


def transformers_case(family: str) -> Case:
    """The same weights in a model that forms its attention itself and gives it back."""
    model, config = TRANSFORMERS[family]
    torch.manual_seed(0)
    made = {**SMALL, "num_register_tokens": 4, **SETTINGS.get(family, {})}
    settings = config(**made)
    module = model(settings).eval()
    spread(module)
    eager = model(copy.deepcopy(settings)).eval()
    eager.set_attn_implementation("eager")
    eager.load_state_dict(module.state_dict())
    if family == "MAE":
        eager.config.mask_ratio = 0.0

    def attention(pixels: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            output = eager(**_inputs(eager, pixels), output_attentions=True)
        return torch.stack([layer[0] for layer in output.attentions])

    suffix, cls = PLACES.get(family, (0, 1))
    against = "Transformers, eager with `output_attentions=True`"
    return Case(module, attention, against, suffix, cls)


def _inputs(model: nn.Module, pixels: torch.Tensor) -> dict[str, object]:
    """What a model of Transformers is called with, patches cut by its own image processor."""
    taken = inspect.signature(model.forward).parameters
    rows, cols = (side // SMALL["patch_size"] for side in pixels.shape[-2:])
    inputs: dict[str, object] = {"pixel_values": pixels}
    if "spatial_shapes" in taken:
        patches = convert_image_to_patches(pixels[0], SMALL["patch_size"])[None]
        inputs = {"pixel_values": patches, "spatial_shapes": torch.tensor([[rows, cols]])}
        inputs["pixel_attention_mask"] = torch.ones(1, rows * cols, dtype=torch.long)
    if "interpolate_pos_encoding" in taken:
        inputs["interpolate_pos_encoding"] = True
    if "noise" in taken:
        inputs["noise"] = torch.linspace(0, 1, rows * cols)[None]
    return inputs


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
