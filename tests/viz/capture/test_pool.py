"""The pooling head behind the last layer, against the head's own weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import timm
import torch
import transformers
from heedmap import models, viz
from heedmap.errors import CaptureError, SettingError
from torch import nn

from tests.viz.capture.oracles import SMALL, case, one_is_quick

Own = Callable[[torch.Tensor], torch.Tensor]
PHOTOS = {"landscape": (90, 150), "portrait": (140, 90)}


def timm_case(name: str = "timm SigLIP", fused: bool = True) -> tuple[nn.Module, Own]:
    """What the head's own linear layers make of the last layer's tokens."""
    module = case(name).module
    module.attn_pool.fused_attn = fused

    def own(pixels: torch.Tensor) -> torch.Tensor:
        pool, kept = module.attn_pool, []
        hook = pool.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
        models.wrap(module).forward(pixels)
        hook.remove()
        with torch.no_grad():
            tokens = kept[0].clone()
            q = pool.q(pool.latent).unflatten(-1, (pool.num_heads, -1))
            k = pool.kv(tokens)[..., : tokens.shape[-1]].unflatten(-1, (pool.num_heads, -1))
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) * pool.head_dim**-0.5
        return scores.softmax(-1)[0, :, 0]

    return module, own


def transformers_case() -> tuple[nn.Module, Own]:
    """`nn.MultiheadAttention` of the head, asked for its weights a head."""
    module = case("Transformers SigLIP").module

    def own(pixels: torch.Tensor) -> torch.Tensor:
        kept = []

        def ask(attention: nn.Module, args: tuple, output: object) -> None:
            kept.append(attention.__class__.forward(attention, *args, average_attn_weights=False))

        tower = getattr(module, "vision_model", module)
        hook = tower.head.attention.register_forward_hook(ask)
        with torch.no_grad():
            tower(pixel_values=pixels, interpolate_pos_encoding=True)
        hook.remove()
        return kept[0][1][0, :, 0]

    return module, own


CASES = {
    "timm, fused": timm_case,
    "timm, eager": partial(timm_case, fused=False),
    "timm, NaFlex": partial(timm_case, "timm SigLIP 2 NaFlex"),
    "timm, Perception Encoder": partial(timm_case, "timm Perception Encoder"),
    "Transformers": transformers_case,
}


@pytest.mark.parametrize("shape", one_is_quick(PHOTOS))
@pytest.mark.parametrize("make", CASES.values(), ids=list(CASES))
def test_the_pooling_head_is_the_models_own(
    make: Callable[[], tuple[nn.Module, Own]], shape: tuple[int, int]
) -> None:
    module, own = make()
    adapter = models.wrap(module)
    assert adapter.kinds[0] == "pool"
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    x = adapter.prepare(photo, size=64)
    record = viz.record_attention(adapter, x)
    there = own(x.pixels)[:, x.prefix :].unflatten(-1, x.grid)
    assert there.std() > 0.1 / there[0].numel()  # not even
    np.testing.assert_allclose(record.of("pool")[0], there, atol=1e-5)
    shares = own(x.pixels).sum(-1) - own(x.pixels)[:, : x.prefix].sum(-1)  # the rest: to CLS
    np.testing.assert_allclose(record.of("pool")[0].sum((1, 2)), shares, atol=1e-5)
    assert len(record.of("pool")) == 1
    assert record.depth == 2


def test_a_photo_of_one_patch_has_a_pooling_head_too() -> None:
    adapter = models.wrap(case("timm SigLIP").module)
    record = viz.record_attention(adapter, adapter.prepare(np.zeros((9, 9, 3), np.uint8), size=16))
    np.testing.assert_allclose(record.of("pool")[0], np.ones((4, 1, 1)), atol=1e-5)
    assert record.depth == 2


def test_a_tower_without_its_head_says_so() -> None:
    config = transformers.SiglipVisionConfig(**SMALL, vision_use_head=False)
    adapter = models.wrap(transformers.SiglipVisionModel(config).eval())
    assert adapter.kinds == ("tokens",)
    record = viz.record_attention(adapter, adapter.prepare(np.zeros((64, 64, 3), np.uint8)))
    assert "pool" not in record.maps
    with pytest.raises(SettingError, match="'pool' was not recorded: choose from tokens"):
        record.of("pool")


def test_a_head_behind_registers_sums_to_one_with_them() -> None:
    torch.manual_seed(0)
    made = {"depth": 1, "embed_dim": 32, "num_heads": 4, "img_size": 64, "num_classes": 0}
    vit = timm.create_model("vit_base_patch16_siglip_224", **made, reg_tokens=3).eval()
    adapter = models.wrap(vit)
    x = adapter.prepare(np.zeros((64, 96, 3), np.uint8), size=64)
    pool = viz.record_attention(adapter, x).of("pool")[0]
    assert pool.shape == (4, 4, 6)
    np.testing.assert_allclose(pool.sum((1, 2)), 1, atol=1e-5)
    vit.pool_include_prefix = True
    shares = viz.record_attention(models.wrap(vit), x).of("pool")[0].sum((1, 2))
    assert (shares < 0.95).all()
    assert (shares > 0.5).all()


def test_a_pooling_head_that_is_not_seen_is_named() -> None:
    module = case("timm SigLIP").module
    module.attn_pool.forward = lambda x: x[:, 0]
    adapter = models.wrap(module, title="SigLIP")
    with pytest.raises(CaptureError, match="SigLIP shows no attention map: its pooling head"):
        viz.record_attention(adapter, adapter.prepare(np.zeros((64, 64, 3), np.uint8)))
