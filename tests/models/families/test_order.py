"""Where patches and CLS are among the tokens, found by what moves and not by what is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers
from heedmap import models, viz
from heedmap.errors import ModelError, SettingError
from heedmap.models.families.transformers_vit import named_order

from tests.viz.capture import oracles

PHOTO = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
MEASURED = [name for name in oracles.TRANSFORMERS if name not in ("MAE", "SigLIP 2 NaFlex")]


def llama4() -> Any:
    """Its CLS is the last token, behind the patches."""
    torch.manual_seed(0)
    config = transformers.Llama4VisionConfig(
        **{**oracles.SMALL, "intermediate_size": 128}, projector_input_dim=32,
        projector_output_dim=32, vision_output_dim=32,
    )  # fmt: skip
    module = transformers.Llama4VisionModel(config).eval()
    oracles.spread(module)
    return module


@pytest.mark.parametrize("name", MEASURED)
def test_what_moves_is_what_the_weights_are_named_for(name: str) -> None:
    module = oracles.transformers_case(name).module
    assert models.wrap(module).order == named_order(module)
    with torch.device("meta"):
        bare = type(module)(module.config)
    assert models.wrap(bare).order == named_order(module)


def test_a_cls_token_that_is_last_is_found_there() -> None:
    module = llama4()
    adapter = models.wrap(module)
    assert (adapter.prefix, adapter.has_cls, adapter.order.suffix) == (0, True, 1)
    x = adapter.prepare(PHOTO)
    record = viz.record_attention(adapter, x, token_mean=True)
    module.set_attn_implementation("eager")
    kept: list[torch.Tensor] = []
    for layer in module.model.layers:
        layer.self_attn.register_forward_hook(lambda _, inputs, output: kept.append(output[1][0]))
    with torch.no_grad():
        module(x.pixels)
    own = torch.stack(kept)
    assert own.shape[-1] == 65
    np.testing.assert_allclose(record.cls, own[:, :, -1, :-1].unflatten(-1, (8, 8)), atol=1e-5)
    np.testing.assert_allclose(record.cls_prefix, own[:, :, -1, -1:], atol=1e-5)
    mean = own[:, :, :-1, :-1].mean(2).unflatten(-1, (8, 8))
    np.testing.assert_allclose(record.token_mean, mean, atol=1e-5)
    with pytest.raises(SettingError, match="choose the size 64 and the fit 'squash'"):
        viz.record_attention(adapter, adapter.prepare(PHOTO, size=96))


TURNED = np.arange(64).reshape(8, 8).T.flatten() + 1  # column by column
ORDERS = {
    "column by column": [0, *TURNED.tolist()],
    "backwards": list(range(64, -1, -1)),
    "CLS among the patches": [1, 0, *range(2, 65)],
    "CLS behind a register": [1, 0, *range(1, 65)],
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=list(ORDERS))
def test_an_order_that_cannot_be_verified_is_refused(order: list[int]) -> None:
    module = oracles.transformers_case("ViT").module
    module.embeddings.register_forward_hook(lambda _, inputs, tokens: tokens[:, order])
    with pytest.raises(ModelError, match="tokens of ViTModel could not be verified, so its maps"):
        models.wrap(module)


def test_measuring_leaves_no_trace() -> None:
    module = oracles.transformers_case("DINOv2").module.train()
    models.wrap(module)
    assert all(part.training for part in module.modules())
    assert not any(part._forward_pre_hooks for part in module.modules())
