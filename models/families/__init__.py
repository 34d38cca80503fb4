"""What differs between model families: where the tokens are, how the module is called.

Each family describes one kind of module behind the same few names (`Family`). A new family is one
more class and its place in `FAMILIES`, the first that matches is taken.
"""

from __future__ import annotations

from typing import Any

from heedmap.models.families.class_attention import VOLO, CaiT, XCiT
from heedmap.models.families.convnet import ConvNet
from heedmap.models.families.family import DINO, Family, Windowed
from heedmap.models.families.language import Language
from heedmap.models.families.layers import Layout, map_layers
from heedmap.models.families.levit import LeViT
from heedmap.models.families.maxvit import MaxViT
from heedmap.models.families.order import Order
from heedmap.models.families.output import vector
from heedmap.models.families.preprocessing import torchvision_classes
from heedmap.models.families.stream import Stream, Streaming
from heedmap.models.families.swin import Swin
from heedmap.models.families.timm_vit import TimmNaFlex, TimmRelative, TimmViT
from heedmap.models.families.torchvision_vit import TorchvisionViT
from heedmap.models.families.transformers_swin import TransformersSwin
from heedmap.models.families.transformers_vit import (
    TransformersMAE,
    TransformersNaFlex,
    TransformersViT,
)
from heedmap.models.families.window import Window
from torch import nn

FAMILIES: tuple[type[Family], ...] = (
    TimmViT,
    TimmRelative,
    TimmNaFlex,
    TransformersSwin,
    TransformersMAE,
    TransformersNaFlex,
    TransformersViT,
    TorchvisionViT,
    CaiT,
    XCiT,
    VOLO,
    Swin,
    MaxViT,
    LeViT,
    ConvNet,
)

__all__ = [
    "DINO",
    "FAMILIES",
    "ConvNet",
    "Family",
    "Language",
    "Layout",
    "Order",
    "Stream",
    "Streaming",
    "Window",
    "Windowed",
    "classifies",
    "layers_of",
    "torchvision_classes",
    "vector",
]


def classifies(module: Any) -> bool:
    """Whether the module's output is a score for each class, as far as its parts tell."""
    if hasattr(module, "num_classes"):  # timm
        return int(module.num_classes) > 0
    if hasattr(module, "config"):  # Transformers
        return hasattr(module, "classifier")
    leaves = [part for part in module.modules() if not any(part.children())]
    return isinstance(leaves[-1], nn.Linear)


def layers_of(family: Family, module: nn.Module) -> dict[str, Layout]:
    """The parts of a module of this family whose output is a map; see `layers`."""
    if isinstance(family, ConvNet):
        return family.layers
    kind = type(family)
    run = lambda bare, pixels: kind(bare).forward(pixels)  # noqa: E731
    return map_layers(module, run, family.preprocessing.size)
