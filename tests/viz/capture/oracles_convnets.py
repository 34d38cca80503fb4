"""ConvNets with random weights, and one stage of each with the way its output lies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import timm
from torch import nn
from torchvision import models as torchvision

AGAINST = "what the stage itself returns"
swin = partial(torchvision.SwinTransformer, [4, 4], 16, [1, 1], [2, 2], [7, 7])

# name: (makes the module, a stage, whether its output is (1, rows, cols, channels)).
CONVNETS: dict[str, tuple[Callable[[], nn.Module], str, bool]] = {
    "timm ResNet": (partial(timm.create_model, "resnet10t"), "layer4", False),
    "timm ConvNeXt": (partial(timm.create_model, "convnext_atto"), "stages.1", False),
    "timm EfficientNet": (partial(timm.create_model, "test_efficientnet"), "blocks.3", False),
    "timm RegNet": (partial(timm.create_model, "regnetx_002"), "s4", False),
    "timm MobileNetV3": (partial(timm.create_model, "mobilenetv3_small_050"), "blocks.5", False),
    "torchvision ResNet": (torchvision.resnet18, "layer3", False),
    "torchvision EfficientNet": (torchvision.efficientnet_b0, "features.4", False),
    "torchvision MobileNetV3": (torchvision.mobilenet_v3_small, "features.6", False),
    "torchvision Swin": (swin, "features.1", True),
}
