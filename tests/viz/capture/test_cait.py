"""CaiT's class-attention layers, against timm's own without the fused call."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from heedmap import models, viz
from heedmap.errors import CaptureError
from torch import nn

from tests.viz.capture.oracles import spread

SMALL = {"embed_dim": 48, "num_heads": 4, "depth": 2, "init_values": 0.5, "num_classes": 3}


def small_cait() -> nn.Module:
    """A CaiT with random weights."""
    torch.manual_seed(0)
    module = timm.create_model("cait_xxs24_224", img_size=64, **SMALL).eval()
    spread(module)
    return module


@pytest.fixture
def cait() -> nn.Module:
    return small_cait()


def anew(cait: nn.Module, height: int, width: int) -> nn.Module:
    """The same weights in a module made for photos of this size, unfused."""
    like = timm.create_model("cait_xxs24_224", img_size=(height, width), **SMALL).eval()
    weights = cait.state_dict()
    table = weights["pos_embed"].unflatten(1, (4, 4)).permute(0, 3, 1, 2)
    grid = like.patch_embed.grid_size
    table = F.interpolate(table, grid, mode="bicubic", antialias=True).flatten(2).mT
    like.load_state_dict({**weights, "pos_embed": table})
    for block in like.blocks_token_only:
        block.attn.fused_attn = False
    return like


@pytest.mark.slow
@pytest.mark.parametrize("fused", [True, False], ids=["fused", "eager"])
@pytest.mark.parametrize("shape", [(90, 150), (150, 90), (64, 64)])
def test_maps_are_the_models_own(cait: nn.Module, shape: tuple[int, int], fused: bool) -> None:
    for block in cait.blocks_token_only:
        block.attn.fused_attn = fused
    adapter = models.wrap(cait)
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    x = adapter.prepare(photo, size=64)
    kept: list[torch.Tensor] = []
    like = anew(cait, *x.pixels.shape[-2:])
    for block in like.blocks_token_only:
        block.attn.attn_drop.register_forward_hook(lambda _, i, o: kept.append(i[0][0, :, 0]))
    with torch.no_grad():
        logits = like(x.pixels)
    own = torch.stack(kept)

    record = viz.record_attention(adapter, x, token_mean=True)

    assert adapter.kinds == ("cls",)
    assert record.depth == adapter.depth == 2
    assert record.token_mean is None
    np.testing.assert_allclose(record.cls, own[..., 1:].unflatten(-1, x.grid), atol=1e-5)
    np.testing.assert_allclose(record.cls_prefix, own[..., :1], atol=1e-5)
    torch.testing.assert_close(adapter.forward(x.pixels), logits, atol=1e-4, rtol=1e-4)
    assert cait.patch_embed.strict_img_size
    assert cait.pos_embed.shape[1] == 16


def test_a_layer_that_is_not_seen_is_counted(cait: nn.Module) -> None:
    cait.blocks_token_only[0].attn.forward = lambda x: x[:, :1]
    adapter = models.wrap(cait, title="CaiT")
    x = adapter.prepare(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(CaptureError, match="CaiT shows no attention map: only 1 of its 2 layers"):
        viz.record_attention(adapter, x)
