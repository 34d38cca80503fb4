"""Transformers' Swin, against the attention that its layers return when run eagerly."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import transformers
from heedmap import models, viz
from heedmap.errors import SettingError
from torch import nn
from transformers.models.swin.modeling_swin import window_partition

from tests.viz.capture.oracles import spread
from tests.viz.capture.oracles_windows import scatter


def small_swin() -> nn.Module:
    """A Swin of Transformers with random weights."""
    torch.manual_seed(0)
    config = transformers.SwinConfig(
        image_size=64, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4, num_labels=3
    )
    module = transformers.SwinForImageClassification(config).eval()
    spread(module)
    return module


@pytest.fixture
def swin() -> nn.Module:
    return small_swin()


def own(swin: nn.Module, pixels: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
    """(rows, cols) of what each token receives, a head first, for each layer; and the logits."""
    eager = copy.deepcopy(swin)
    eager.set_attn_implementation("eager")
    maps: list[torch.Tensor] = []

    def place(layer: nn.Module, args: tuple, output: tuple) -> None:
        rows, cols = args[1]
        numbers = torch.arange(rows * cols).view(1, rows, cols, 1) - rows * cols
        padded, _ = layer.maybe_pad(numbers, rows, cols)
        shifted = window_partition(layer.cyclic_shift(padded), layer.window_size).flatten(1)
        places = torch.where(shifted == 0, rows * cols, shifted + rows * cols)  # padding is zeros
        whole = scatter(output[1], places, (rows, cols))
        maps.append(whole.mean(1).unflatten(-1, (rows, cols)))

    for stage in eager.swin.encoder.layers:
        for layer in stage.blocks:
            layer.register_forward_hook(place)
    with torch.no_grad():
        logits = eager(pixel_values=pixels, interpolate_pos_encoding=True).logits
    return maps, logits


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(90, 150), (150, 90), (64, 64)])
def test_maps_and_logits_are_the_models_own(swin: nn.Module, shape: tuple[int, int]) -> None:
    adapter = models.wrap(swin)
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    x = adapter.prepare(photo, size=56)
    maps, logits = own(swin, x.pixels)
    shifts = [block.shift_size for stage in swin.swin.encoder.layers for block in stage.blocks]

    record = viz.record_attention(adapter, x)

    assert adapter.kinds == ("windows",)
    assert len(record.of("windows")) == len(maps) == adapter.depth == 4
    for found, there in zip(record.of("windows"), maps, strict=True):
        np.testing.assert_allclose(found, there, atol=1e-5)
    torch.testing.assert_close(adapter.forward(x.pixels), logits, atol=1e-4, rtol=1e-4)
    viz.record_attention(adapter, adapter.prepare(photo, size=32))
    stages = swin.swin.encoder.layers
    assert [block.shift_size for stage in stages for block in stage.blocks] == shifts


def test_a_grid_smaller_than_a_window_is_refused(swin: nn.Module) -> None:
    adapter = models.wrap(swin)
    x = adapter.prepare(np.zeros((40, 64, 3), np.uint8), size=16)
    with pytest.raises(SettingError, match="choose the size 64"):
        viz.record_attention(adapter, x)
