"""What wraps a model is looked through where it is plain, else a sentence names the model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
import transformers
from heedmap import models, viz
from heedmap.errors import ModelError
from timm.utils import ModelEmaV3
from torch import nn
from torch.optim.swa_utils import AveragedModel

PHOTO = np.random.default_rng(0).integers(0, 256, (40, 64, 3), dtype=np.uint8)
SMALL = {"depth": 1, "embed_dim": 24, "num_heads": 2, "img_size": 32, "patch_size": 8}


@pytest.fixture
def vit() -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model("vit_tiny_patch16_224", num_classes=4, **SMALL).eval()


class Own(nn.Module):
    """A class of one's own that holds a backbone."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, nn.Linear(4, 2)

    def forward(self, photo: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"classes": self.head(self.backbone(photo))}


class Features(Own):
    """One that takes the tokens of its backbone before their head."""

    def forward(self, photo: torch.Tensor) -> torch.Tensor:
        return self.backbone.forward_features(photo)[:, 0]


class Scaling(Own):
    """One that changes the photo before."""

    def forward(self, photo: torch.Tensor) -> dict[str, torch.Tensor]:
        return super().forward(photo * 2 - 1)


class PeftModel(nn.Module):
    """As PEFT is built: the model within a tuner within this."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.base_model = BaseTuner(model)


class BaseTuner(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model


WRAPPERS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "torch.compile": torch.compile,
    "DataParallel": nn.DataParallel,
    "ModelEmaV3": ModelEmaV3,
    "AveragedModel": AveragedModel,
    "PEFT": PeftModel,
    "own class": Own,
    "own class, features": Features,
    "several": lambda vit: nn.DataParallel(torch.compile(Own(vit))),
}


SLOW = {"torch.compile", "several"}  # the first call of torch.compile imports its compiler
CASES = [
    pytest.param(wrap, id=name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name, wrap in WRAPPERS.items()
]


@pytest.mark.parametrize("wrapped", CASES)
def test_maps_are_those_of_the_model_within(
    wrapped: Callable[[nn.Module], nn.Module], vit: nn.Module
) -> None:
    alone, adapter = models.wrap(vit), models.wrap(wrapped(vit))
    assert (adapter.patch, adapter.size, adapter.kinds) == (8, 32, ("cls", "tokens"))
    x = alone.prepare(PHOTO)
    found, there = (viz.record_attention(a, x).cls for a in (adapter, alone))
    np.testing.assert_allclose(found, there, atol=1e-6)


class Compiled(nn.Module):
    """As torch.compile wraps a part; nothing within may be run through it."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self._orig_mod = part


def test_compiled_parts_are_shown_as_they_are_written(vit: nn.Module) -> None:
    alone = models.wrap(vit)
    x = alone.prepare(PHOTO)
    there = viz.record_attention(alone, x).cls
    vit.blocks[0] = Compiled(vit.blocks[0])
    adapter = models.wrap(vit)
    np.testing.assert_allclose(viz.record_attention(adapter, x).cls, there, atol=1e-6)
    assert isinstance(vit.blocks[0], Compiled)
    assert adapter.module.head.weight is vit.head.weight


@pytest.mark.slow
def test_channels_of_a_module_that_was_compiled_in_place() -> None:
    net = timm.create_model("resnet10t").eval()
    alone = models.wrap(net)
    x = alone.prepare(PHOTO, size=64)
    there = viz.record_activations(alone, x).maps
    net.compile(backend="eager")
    found = viz.record_activations(models.wrap(net), x).maps
    assert list(found) == list(there)
    np.testing.assert_allclose(found["layer4.0.conv2"], there["layer4.0.conv2"], atol=1e-5)


@pytest.mark.parametrize("name", ["test_vit", "test_resnet"])
def test_transformers_wrappers_of_timm_are_looked_through(name: str) -> None:
    said = transformers.TimmWrapperConfig(architecture=name)
    wrapped = transformers.TimmWrapperModel(said)
    assert models.wrap(wrapped).module is wrapped.timm_model


def test_of_an_average_of_weights_the_average_is_shown(vit: nn.Module) -> None:
    average = ModelEmaV3(vit)
    with torch.no_grad():
        vit.blocks[0].attn.qkv.weight.normal_()
    assert models.wrap(average).module is average.module


def test_distributed_training_is_looked_through(vit: nn.Module) -> None:
    from torch.nn.parallel import DistributedDataParallel

    replica = DistributedDataParallel.__new__(DistributedDataParallel)  # without its processes
    nn.Module.__init__(replica)
    replica.module = vit
    assert models.wrap(replica).module is vit


@pytest.mark.parametrize("library", ["timm", "Transformers"])
def test_a_class_that_changes_the_photo_is_told_to_pass_the_model(
    library: str, vit: nn.Module
) -> None:
    config = transformers.ViTConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64,
        image_size=32, patch_size=8,
    )  # fmt: skip
    held = vit if library == "timm" else transformers.ViTModel(config)
    net = Scaling(held)
    sentence = "Scaling was not seen to hand its photo to its .* as it is: pass the module's"
    with pytest.raises(ModelError, match=sentence):
        models.wrap(net)
    assert models.wrap(net.get_submodule("backbone")).kinds


def test_of_two_models_one_has_to_be_chosen(vit: nn.Module) -> None:
    both = nn.ModuleDict(
        {"student": vit, "teacher": timm.create_model("vit_tiny_patch16_224", **SMALL)}
    )
    with pytest.raises(ModelError, match="holds 2 models, student and teacher: pass one of them"):
        models.wrap(both)


def test_a_convnet_within_a_class_of_ones_own_keeps_its_mean(vit: nn.Module) -> None:
    net = Own(timm.create_model("resnet10t", num_classes=4))
    net.backbone.pretrained_cfg = {**net.backbone.pretrained_cfg, "mean": (0.1, 0.2, 0.3)}
    adapter = models.wrap(net)
    assert adapter.preprocessing.mean == (0.1, 0.2, 0.3)
    record = viz.record_activations(
        adapter, adapter.prepare(PHOTO, size=64), ["backbone.layer1.0.conv1"]
    )
    assert record.logits is None


MANY = {
    "timm ResNet": lambda n: timm.create_model("resnet10t", in_chans=n),
    "timm ViT": lambda n: timm.create_model("vit_tiny_patch16_224", in_chans=n, **SMALL),
    "own class": lambda n: nn.Sequential(nn.Conv2d(n, 4, 3), nn.ReLU()),
    "Transformers": lambda n: transformers.ResNetModel(
        transformers.ResNetConfig(num_channels=n, embedding_size=8, hidden_sizes=[8], depths=[1])
    ),
}


@pytest.mark.parametrize("make", MANY.values(), ids=list(MANY))
def test_a_model_for_other_channels_says_so_first(make: Callable[[int], nn.Module]) -> None:
    with pytest.raises(ModelError, match="takes 1 channel and photos have 3"):
        models.wrap(make(1)).prepare(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(ModelError, match="takes 4 channels and photos have 3"):
        models.wrap(make(4))
    assert models.wrap(make(3)).can


def test_a_convolution_of_other_channels_is_no_reason_to_refuse() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.first = nn.Conv2d(8, 4, 3), nn.Conv2d(3, 8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.first(x))

    assert models.wrap(Backwards()).conv_layers == ("last", "first")
