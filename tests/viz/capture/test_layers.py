"""Maps of convolutions, linear layers and stages, whichever way their outputs lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
import transformers
from heedmap import models, viz
from heedmap.errors import CaptureError
from heedmap.models.capabilities import MAPS
from torch import nn

from tests.viz.capture import oracles_windows
from tests.viz.capture.oracles import one_is_quick
from tests.viz.capture.oracles_convnets import CONVNETS


def photo_of(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


class BothWays(nn.Module):
    """A convolution of 16 channels and a linear layer over the same cells, channels last."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 4, stride=4)
        self.mix = nn.Linear(16, 16)
        self.gate = nn.Conv2d(16, 16, 1)
        self.head = nn.Linear(16, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        x = x * self.gate(x.mean((2, 3), keepdim=True)).sigmoid()
        return self.head(self.mix(x.permute(0, 2, 3, 1)).mean((1, 2)))


@pytest.mark.parametrize("shape", [(64, 64), (64, 96), (96, 64), (64, 128)])
def test_a_photo_with_as_many_cells_as_channels_is_not_turned(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    net = BothWays()
    adapter = models.wrap(net, size=64)
    assert (adapter.conv_layers, adapter.patch) == (("conv", "mix"), 4)
    x = adapter.prepare(photo_of(*shape))
    maps = viz.record_activations(adapter, x).maps
    with torch.no_grad():
        conv = net.conv(x.pixels)
        mix = net.mix((conv * net.gate(conv.mean((2, 3), True)).sigmoid()).permute(0, 2, 3, 1))
    np.testing.assert_allclose(maps["conv"], conv[0], atol=1e-5)
    np.testing.assert_allclose(maps["mix"], mix[0].permute(2, 0, 1), atol=1e-5)
    with pytest.raises(CaptureError, match=r"head of BothWays makes no map: choose from conv, mix"):
        viz.record_activations(adapter, x, ["head"])


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("resnet18", ["layer1", "layer2", "layer3", "layer4"]),
        ("convnext_tiny", ["features.1", "features.7", "features.1.0.block.3"]),
        ("efficientnet_b0", ["features.1", "features.8"]),
        ("mobilenet_v3_small", ["features.1", "features.12"]),
        ("vgg11", ["features.0", "features.18"]),
        ("densenet121", ["features.denseblock1", "features.transition3"]),
        ("regnet_y_400mf", ["trunk_output.block1", "trunk_output.block4"]),
        ("swin_t", ["features.1", "features.2.reduction", "features.7"]),
    ],
)
def test_layers_of_torchvision(name: str, stages: list[str]) -> None:
    with torch.device("cpu" if "regnet" in name else "meta"):  # which reads what it draws
        adapter = models.wrap(torchvision.models.get_model(name))
    assert adapter.can & MAPS == {"convolutions"}
    assert adapter.patch == (16 if name == "vgg11" else 32)  # the last pooling makes no map
    assert set(stages) <= set(adapter.conv_layers)
    assert len(adapter.default_conv_layers) == 3
    assert len(adapter.classes) == 1000
    assert adapter.preprocessing.interpolation == "bilinear"


@pytest.mark.parametrize("shape", one_is_quick({"landscape": (64, 96), "portrait": (96, 64)}))
@pytest.mark.parametrize("name", list(CONVNETS))
def test_maps_are_what_the_stage_returns(name: str, shape: tuple[int, int]) -> None:
    make, stage, last = CONVNETS[name]
    torch.manual_seed(0)
    module = make().eval()
    adapter = models.wrap(module)
    assert adapter.can & MAPS == {"convolutions"}
    x = adapter.prepare(photo_of(*shape), size=64)
    kept: list[torch.Tensor] = []
    hook = module.get_submodule(stage).register_forward_hook(lambda _, i, o: kept.append(o[0]))
    maps = viz.record_activations(adapter, x).maps
    hook.remove()
    own = kept[0].permute(2, 0, 1) if last else kept[0]
    np.testing.assert_allclose(maps[stage], own, atol=1e-5)
    assert set(maps) == set(adapter.conv_layers)
    tall = shape[0] > shape[1]
    assert all((each.shape[1] > each.shape[2]) == tall for each in maps.values())


def test_a_convnet_of_transformers() -> None:
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], num_labels=3,
        layer_type="basic", id2label={0: "a", 1: "b", 2: "c"},
    )  # fmt: skip
    adapter = models.wrap(transformers.ResNetForImageClassification(config).eval())
    assert (adapter.patch, adapter.classes) == (8, ("a", "b", "c"))
    record = viz.record_activations(adapter, adapter.prepare(photo_of(64, 96), size=64))
    assert record.logits.shape == (3,)


def test_a_module_that_cannot_run_in_other_sizes_shows_its_convolutions() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Flatten(), nn.Linear(4 * 16 * 16, 2))
    adapter = models.wrap(net, size=32)
    assert (adapter.conv_layers, adapter.patch) == (("0",), 1)
    record = viz.record_activations(adapter, adapter.prepare(photo_of(32, 32)))
    assert record.maps["0"].shape == (4, 16, 16)


def test_looking_for_layers_leaves_no_trace() -> None:
    net = BothWays().train()
    fired: list[str] = []
    net.conv.register_forward_hook(lambda *_: fired.append("conv"))
    assert models.wrap(net).conv_layers
    assert net.training
    assert not fired
    assert len(net.conv._forward_hooks) == 1
    assert not net.mix._forward_hooks
    assert not net.conv.weight.is_meta


@pytest.mark.slow
@pytest.mark.parametrize("family", ["Swin", "Swin V2", "MaxViT"])
@pytest.mark.parametrize("shape", [(64, 96), (96, 64), (64, 64)])
def test_stages_of_models_with_windows(family: str, shape: tuple[int, int]) -> None:
    """The stage's own output, turned where timm says that channels come last."""
    module = oracles_windows.case(family).module
    adapter = models.wrap(module)
    assert adapter.can >= MAPS
    x = adapter.prepare(photo_of(*shape), size=64)
    stages = [info["module"] for info in module.feature_info]
    kept: dict[str, torch.Tensor] = {}
    hooks = [
        module.get_submodule(name).register_forward_hook(
            lambda part, inputs, output, name=name: kept.update({name: output[0]})
        )
        for name in stages
    ]
    maps = viz.record_activations(adapter, x).maps
    for hook in hooks:
        hook.remove()
    last = getattr(module, "output_fmt", "NCHW") == "NHWC"
    for name, info in zip(stages, module.feature_info, strict=True):
        own = kept[name].permute(2, 0, 1) if last else kept[name]
        np.testing.assert_allclose(maps[name], own, atol=1e-5)
        assert maps[name].shape[0] == info["num_chs"]
