"""The class-attention layers of CaiT, XCiT and VOLO, against timm's own without the fused call."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from heedmap import models, viz
from heedmap.errors import CaptureError
from heedmap.models.capabilities import MAPS

from tests.viz.capture.oracles import one_is_quick
from tests.viz.capture.oracles_class_attention import LAYERS, case

SHAPES = {"landscape": (90, 150), "portrait": (150, 90), "square": (64, 64)}


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "eager"])
@pytest.mark.parametrize("shape", one_is_quick(SHAPES))
@pytest.mark.parametrize("family", list(LAYERS))
def test_maps_are_the_models_own(family: str, shape: tuple[int, int], fused: bool) -> None:
    known = case(family)
    for part in known.module.modules():
        if hasattr(part, "fused_attn"):
            part.fused_attn = fused
    before = {name: value.clone() for name, value in known.module.state_dict().items()}
    adapter = models.wrap(known.module)
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    x = adapter.prepare(photo, size=64)
    kept: list[torch.Tensor] = []
    like = known.anew(*x.pixels.shape[-2:])
    for block in getattr(like, known.layers):
        block.attn.attn_drop.register_forward_hook(lambda _, i, o: kept.append(i[0][0, :, 0]))
    with torch.no_grad():
        logits = like(x.pixels)
    own = torch.stack(kept)

    record = viz.record_attention(adapter, x, token_mean=True)

    assert (adapter.kinds, adapter.size, adapter.patch) == (("cls",), 64, 16)
    assert record.depth == adapter.depth == 2
    assert record.token_mean is None
    np.testing.assert_allclose(record.cls, own[..., 1:].unflatten(-1, x.grid), atol=1e-5)
    np.testing.assert_allclose(record.cls_prefix, own[..., :1], atol=1e-5)
    assert own.std() > 0.1 / own.shape[-1]  # not even
    torch.testing.assert_close(adapter.forward(x.pixels), logits, atol=1e-4, rtol=1e-4)
    for name, value in known.module.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize("family", list(LAYERS))
def test_a_photo_of_one_patch(family: str) -> None:
    adapter = models.wrap(case(family).module)
    record = viz.record_attention(adapter, adapter.prepare(np.zeros((9, 9, 3), np.uint8), size=16))
    assert record.cls.shape == (2, 4, 1, 1)


@pytest.mark.parametrize("family", ["XCiT", "VOLO"])
def test_their_convolutions_are_shown_too(family: str) -> None:
    adapter = models.wrap(case(family).module)
    assert adapter.can >= MAPS
    x = adapter.prepare(np.zeros((40, 70, 3), np.uint8), size=64)
    maps = viz.record_activations(adapter, x).maps
    assert set(maps) == set(adapter.conv_layers)
    assert all(each.shape[1] < each.shape[2] for each in maps.values())


def test_a_layer_that_is_not_seen_is_counted() -> None:
    cait = case("CaiT").module
    cait.blocks_token_only[0].attn.forward = lambda x: x[:, :1]
    adapter = models.wrap(cait, title="CaiT")
    x = adapter.prepare(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(CaptureError, match="CaiT shows no attention map: only 1 of its 2 layers"):
        viz.record_attention(adapter, x)
