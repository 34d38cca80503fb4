"""A module is in evaluation mode while it runs, whatever it was before, and then as it was."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
import torch
import transformers
from heedmap import models, viz
from torch import nn

PHOTOS = np.random.default_rng(0).integers(0, 256, (6, 40, 56, 3), dtype=np.uint8)


class Net(nn.Module):
    """Batch normalisation and dropout between two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, stride=2)
        self.norm, self.drop = nn.BatchNorm2d(8), nn.Dropout(0.5)
        self.conv2 = nn.Conv2d(8, 8, 3, stride=2)
        nn.init.uniform_(self.norm.running_var, 0.2, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv2(self.drop(self.norm(self.conv1(x)))).mean((2, 3))


@pytest.fixture
def net() -> Net:
    torch.manual_seed(0)
    return Net()


def own(net: Net, x: models.Prepared) -> torch.Tensor:
    """conv2 by the formula of batch normalisation in evaluation."""
    norm = net.norm
    with torch.no_grad():
        mean, var = (v.view(8, 1, 1) for v in (norm.running_mean, norm.running_var))
        return net.conv2((net.conv1(x.pixels) - mean) / (var + norm.eps).sqrt())[0]


@pytest.mark.parametrize("frozen", [True, False])
def test_a_module_left_in_training_is_evaluated(net: Net, frozen: bool) -> None:
    net.train().requires_grad_(not frozen)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    adapter = models.wrap(net, size=32)
    x = adapter.prepare(PHOTOS[0])
    maps = viz.record_activations(adapter, x).maps
    np.testing.assert_allclose(maps["conv2"], own(net, x), atol=1e-5)
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(part.training for part in net.modules())


def test_parts_that_were_in_evaluation_stay_there(net: Net) -> None:
    net.train().norm.eval()
    adapter = models.wrap(net, size=32)
    adapter.forward(adapter.prepare(PHOTOS[0]).pixels)
    assert (net.training, net.norm.training, net.drop.training) == (True, False, True)


def test_a_module_is_set_back_after_a_pass_that_fails(net: Net) -> None:
    net.conv2 = nn.Conv2d(7, 8, 3)
    adapter = models.wrap(net.train(), size=32)
    with pytest.raises(Exception, match="failed on a photo"):
        adapter.forward(adapter.prepare(PHOTOS[0]).pixels)
    assert all(part.training for part in net.modules())


def test_two_adapters_over_one_module_in_threads(net: Net) -> None:
    """The whole module and a part of it too: a pass that ends sets nothing back under another."""
    net.train()
    whole = nn.Sequential(net)
    adapters = [models.wrap(module, size=32) for module in (net, net, whole)]
    assert adapters[0].lock is adapters[1].lock
    prepared = [adapters[0].prepare(photo) for photo in PHOTOS]
    wanted = [own(net, x) for x in prepared]
    gate = Barrier(6)

    def record(index: int) -> list[np.ndarray]:
        gate.wait()
        adapter = adapters[index % 3]
        name = "0.conv2" if adapter is adapters[2] else "conv2"
        return [
            viz.record_activations(adapter, prepared[index], [name]).maps[name] for _ in range(30)
        ]

    with ThreadPoolExecutor(6) as pool:
        for found, there in zip(pool.map(record, range(6)), wanted, strict=True):
            for each in found:
                np.testing.assert_allclose(each, there, atol=1e-5)
    assert all(part.training for part in whole.modules())
    assert int(net.norm.num_batches_tracked) == 0


def test_a_copy_that_runs_in_place_of_the_module_is_evaluated_too() -> None:
    config = transformers.ViTMAEConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64,
        image_size=32, patch_size=8, hidden_dropout_prob=0.5,
    )  # fmt: skip
    adapter = models.wrap(transformers.ViTMAEModel(config).train())
    pixels = adapter.prepare(PHOTOS[0]).pixels
    torch.testing.assert_close(adapter.forward(pixels), adapter.forward(pixels))


def test_a_module_that_nobody_holds_is_let_go() -> None:
    net = Net()
    models.wrap(net, size=32).forward(torch.zeros(1, 3, 32, 32))
    left = weakref.ref(net)
    del net
    gc.collect()
    assert left() is None
