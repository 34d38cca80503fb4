"""LeViT, whose layers attend over all of their own grid, at the one size that it was made for."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import timm
import torch
from heedmap import models, viz
from heedmap.errors import SettingError

from tests.viz.capture.oracles import spread

PHOTO = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
SMALL = {"embed_dim": (32, 48), "key_dim": 8, "num_heads": (2, 3), "depth": (2, 1), "img_size": 96}


def small_levit(conv: bool = False) -> Any:
    torch.manual_seed(0)
    module = timm.create_model("levit_conv_128s" if conv else "levit_128s", num_classes=3, **SMALL)
    spread(module)
    return module.eval()


def by_the_formula(module: Any, pixels: torch.Tensor) -> list[torch.Tensor]:
    """The attention of each layer, softmax(q k / sqrt(d) + bias of the distance): (heads, N, N)."""
    found: list[torch.Tensor] = []

    def see(part: Any, args: tuple[torch.Tensor, ...]) -> None:
        x, heads, d = args[0], part.num_heads, part.key_dim
        tokens = part.qkv(x)[0]
        tokens = tokens.flatten(1).mT if tokens.ndim == 3 else tokens  # of the one that convolves
        q, k = tokens.reshape(len(tokens), heads, -1)[..., : 2 * d].split(d, -1)
        rows, cols = part.resolution
        at = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(cols), indexing="ij"))
        apart = (at.flatten(1)[:, :, None] - at.flatten(1)[:, None]).abs()
        bias = part.attention_biases[:, apart[0] * cols + apart[1]]
        scores = torch.einsum("qhd,khd->hqk", q, k) / d**0.5 + bias
        found.append(scores.softmax(-1))

    handles = [
        part.register_forward_pre_hook(see)
        for part in module.modules()
        if type(part).__name__ == "Attention"
    ]
    with torch.no_grad():
        module(pixels)
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.parametrize("conv", [False, True])
def test_maps_and_rows_are_those_of_the_formula(conv: bool) -> None:
    module = small_levit(conv)
    adapter = models.wrap(module)
    assert (adapter.size, adapter.kinds, adapter.depth, adapter.heads) == (96, ("windows",), 3, 2)
    assert adapter.can >= {"attention", "convolutions", "logits"}
    x = adapter.prepare(PHOTO, fit="squash")
    own = by_the_formula(module, x.pixels)
    maps = viz.record_attention(adapter, x).of("windows")
    assert [each.shape for each in maps] == [(2, 6, 6), (2, 6, 6), (3, 3, 3)]
    for found, whole in zip(maps, own, strict=True):
        np.testing.assert_allclose(found, whole.mean(1).reshape(found.shape), atol=1e-6)
        assert found.std() > 0.02 / found[0].size
    rows = viz.record_rows(adapter, x, 0, [(0, 1), (5, 2)])
    np.testing.assert_allclose(rows[1], own[0][:, 5 * 6 + 2].reshape(2, 6, 6), atol=1e-6)


def test_the_size_that_is_advised_is_shown() -> None:
    adapter = models.wrap(small_levit())
    with pytest.raises(SettingError) as refused:
        viz.record_attention(adapter, adapter.prepare(PHOTO, size=128))
    said = re.search(r"choose the size (\d+) and the fit '(\w+)'", str(refused.value))
    x = adapter.prepare(PHOTO, size=int(said[1]), fit=said[2])
    assert viz.record_attention(adapter, x).depth == 3


def test_a_module_that_learns_is_shown_with_the_biases_of_now() -> None:
    """timm keeps them from one pass in evaluation to the next."""
    module = small_levit().train()
    adapter = models.wrap(module)
    x = adapter.prepare(PHOTO, fit="squash")
    viz.record_attention(adapter, x)
    with torch.no_grad():
        module.stages[0].blocks[0].attn.attention_biases.normal_(0, 3)
    found = viz.record_attention(adapter, x).of("windows")[0]
    own = by_the_formula(module.eval(), x.pixels)[0]
    np.testing.assert_allclose(found, own.mean(1).reshape(2, 6, 6), atol=1e-6)
