"""What differs between model families: where the tokens stand, how the module is called.

Each family describes one kind of module behind the same few names (`Family`). A new family is one
more class and its place in `FAMILIES`, the first that matches is taken.
"""

from __future__ import annotations

from .convnet import ConvNet, conv_layers
from .family import Family
from .maxvit import MaxViT
from .swin import Swin
from .timm_vit import TimmNaFlex, TimmRelative, TimmViT
from .torchvision_vit import TorchvisionViT
from .transformers_vit import TransformersMAE, TransformersNaFlex, TransformersViT
from .window import Window

FAMILIES: tuple[type[Family], ...] = (
    TimmViT,
    TimmRelative,
    TimmNaFlex,
    TransformersMAE,
    TransformersNaFlex,
    TransformersViT,
    TorchvisionViT,
    Swin,
    MaxViT,
    ConvNet,
)

__all__ = ["FAMILIES", "Family", "Window", "conv_layers"]
