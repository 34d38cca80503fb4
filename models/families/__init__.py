"""What differs between model families: where the tokens stand, how the module is called.

Each family describes one kind of module behind the same few names (`Family`). A new family is one
more class and its place in `FAMILIES`, the first that matches is taken.
"""

from __future__ import annotations

from torch import nn

from .cait import CaiT
from .convnet import ConvNet
from .family import Family, Windowed
from .layers import Layout, map_layers
from .maxvit import MaxViT
from .preprocessing import torchvision_classes
from .swin import Swin
from .timm_vit import TimmNaFlex, TimmRelative, TimmViT
from .torchvision_vit import TorchvisionViT
from .transformers_swin import TransformersSwin
from .transformers_vit import TransformersMAE, TransformersNaFlex, TransformersViT
from .window import Window

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
    Swin,
    MaxViT,
    ConvNet,
)

__all__ = ["FAMILIES", "Family", "Layout", "Window", "Windowed", "layers_of", "torchvision_classes"]


def layers_of(family: Family, module: nn.Module) -> dict[str, Layout]:
    """The parts of a module of this family whose output is a map; see `layers`."""
    if isinstance(family, ConvNet):
        return family.layers
    kind = type(family)
    return map_layers(module, lambda bare, pixels: kind(bare).forward(pixels))
