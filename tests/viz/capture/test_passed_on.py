"""What a network passes on of a convolution, against hooks written by hand for each network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
import torchvision
from heedmap import models, viz
from heedmap.errors import SettingError
from torch import nn

PHOTO = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
tv = torchvision.models

# name: (makes the network, {layer: the module whose first output is passed on of it}, axes last).
NETWORKS: dict[str, tuple[Callable[[], nn.Module], dict[str, str]]] = {
    "torchvision resnet18": (
        tv.resnet18,
        {"conv1": "relu", "layer1.0.conv1": "layer1.0.relu", "layer1.0.conv2": "layer1.0",
         "layer2.0.conv2": "layer2.0", "layer2.0.downsample.0": "layer2.0"},
    ),
    "timm resnet10t": (
        partial(timm.create_model, "resnet10t"),
        {"layer2.0.conv1": "layer2.0.act1", "layer2.0.conv2": "layer2.0"},
    ),
    "torchvision vgg11": (tv.vgg11, {"features.0": "features.1", "features.18": "features.19"}),
    "torchvision convnext": (
        partial(tv.ConvNeXt, [tv.convnext.CNBlockConfig(16, None, 2)]),
        {"features.1.0.block.3": "features.1.0.block.4", "features.1.0.block.5": "features.1.0",
         "features.1.1.block.0": "features.1.1.block.2"},
    ),
    "timm convnext_atto": (
        partial(timm.create_model, "convnext_atto"),
        {"stages.0.blocks.0.mlp.fc1": "stages.0.blocks.0.mlp.act",
         "stages.0.blocks.0.mlp.fc2": "stages.0.blocks.0",
         "stages.1.blocks.0.conv_dw": "stages.1.blocks.0.norm"},
    ),
    "torchvision efficientnet_b0": (
        tv.efficientnet_b0,
        {"features.1.0.block.0.0": "features.1.0.block.0.2",
         "features.2.1.block.3.0": "features.2.1", "features.8.0": "features.8.2"},
    ),
    "timm test_efficientnet": (
        partial(timm.create_model, "test_efficientnet"),
        {"conv_stem": "bn1", "blocks.1.0.conv_exp": "blocks.1.0.bn1",
         "blocks.1.0.conv_pwl": "blocks.1.0.bn2"},
    ),
    "torchvision mobilenet_v2": (
        tv.mobilenet_v2,
        {"features.2.conv.0.0": "features.2.conv.0.2", "features.2.conv.2": "features.2",
         "features.3.conv.2": "features.3"},
    ),
    "torchvision mobilenet_v3": (
        tv.mobilenet_v3_small,
        {"features.0.0": "features.0.2", "features.4.block.0.0": "features.4.block.0.2"},
    ),
}  # fmt: skip


def first_outputs(net: nn.Module, pixels: torch.Tensor, names: set[str]) -> dict[str, np.ndarray]:
    """What modules give the first time, copied at once."""
    found: dict[str, np.ndarray] = {}

    def keep(name: str, _module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        found.setdefault(name, output[0].clone().numpy())

    handles = [net.get_submodule(n).register_forward_hook(partial(keep, n)) for n in names]
    with torch.no_grad():
        net(pixels)
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_what_the_network_says(name: str) -> None:
    torch.manual_seed(0)
    make, pairs = NETWORKS[name]
    net = make().eval()
    shuffle_norms(net)
    adapter = models.wrap(net, size=64)
    x = adapter.prepare(PHOTO)
    record = viz.record_activations(adapter, x, list(pairs), after="activation")
    own = viz.record_activations(adapter, x, list(pairs))
    assert (record.after, own.after) == ("activation", "convolution")
    wanted = first_outputs(net, x.pixels, set(pairs.values()))
    for layer, other in pairs.items():
        found, expected = record.maps[layer], wanted[other]
        if expected.shape != found.shape:  # channels last
            expected = expected.transpose(2, 0, 1)
        np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=layer)
        assert not np.allclose(found, own.maps[layer], atol=1e-3), layer
    np.testing.assert_allclose(record.logits, own.logits, atol=1e-5)


def shuffle_norms(net: nn.Module) -> None:
    """Make norms do something, as after training."""
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.3)
            part.running_var.uniform_(0.5, 2)


class ByHand(nn.Module):
    """A tutorial's network: pooling before ReLU, a gate, and a layer with nothing after it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, 3, padding=1)
        self.gate, self.last = nn.Conv2d(5, 5, 1), nn.Conv2d(5, 6, 1)
        self.norm = nn.BatchNorm2d(5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(F.max_pool2d(self.conv1(x), 2), inplace=True)
        y = self.norm(self.conv2(x))
        y = y * torch.sigmoid(y)
        y = y * torch.sigmoid(self.gate(y.mean((2, 3), keepdim=True)))
        return self.last(y).mean((2, 3))


def test_pooling_gates_and_ends() -> None:
    torch.manual_seed(1)
    net = ByHand().eval()
    adapter = models.wrap(net, size=32)
    x = adapter.prepare(PHOTO)
    record = viz.record_activations(adapter, x, ["conv1", "conv2", "last"], after="activation")
    with torch.no_grad():
        one = F.max_pool2d(net.conv1(x.pixels), 2).relu()
        y = F.silu(net.norm(net.conv2(one)))
        gated = y * torch.sigmoid(net.gate(y.mean((2, 3), keepdim=True)))
        last = net.last(gated)
    for name, expected in (("conv1", one), ("conv2", gated), ("last", last)):
        np.testing.assert_allclose(record.maps[name], expected[0], atol=1e-5, err_msg=name)


def test_another_place_is_refused() -> None:
    adapter = models.wrap(ByHand(), size=32)
    x = adapter.prepare(PHOTO)
    with pytest.raises(SettingError, match="no place to record 'relu': choose one of convolution"):
        viz.record_activations(adapter, x, after="relu")
