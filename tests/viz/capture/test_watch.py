"""Every way in which a module calls its attention, seen as the module computes it itself."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from heedmap.viz.capture.watch import OverTokens
from torch import nn

PADDED = torch.arange(24) > 20
MULTI_HEAD = {
    "plain": ({}, {}),
    "without biases": ({"bias": False}, {}),
    "separate projections": ({"kdim": 16, "vdim": 12}, {}),
    "tokens first": ({"batch_first": False}, {}),
    "boolean mask": ({}, {"attn_mask": (torch.rand(24, 24) > 0.6) & ~torch.eye(24).bool()}),
    "additive mask a head": ({}, {"attn_mask": torch.randn(4, 24, 24)}),
    "padding": ({}, {"key_padding_mask": PADDED[None]}),
    "mask and padding": (
        {},
        {"attn_mask": torch.randn(24, 24), "key_padding_mask": PADDED[None] * -1e9},
    ),
}


@pytest.mark.parametrize(("made", "called"), MULTI_HEAD.values(), ids=list(MULTI_HEAD))
@pytest.mark.parametrize("queries", [24, 1], ids=["layer", "single query"])
def test_multihead_attention_is_seen(made: dict, called: dict, queries: int) -> None:
    torch.manual_seed(1)
    module = nn.MultiheadAttention(32, 4, **{"batch_first": True, **made}).eval()
    for weight in module.parameters():
        nn.init.normal_(weight, 0, 0.4)
    q, k, v = torch.randn(1, queries, 32), torch.randn(1, 24, 32), torch.randn(1, 24, 32)
    if "kdim" in made:
        k, v = k[..., :16], v[..., :12]
    if "attn_mask" in called:
        called = {**called, "attn_mask": called["attn_mask"][..., :queries, :]}
    if not module.batch_first:
        q, k, v = q.mT.permute(2, 0, 1), k.permute(1, 0, 2), v.permute(1, 0, 2)
    how = {**called, "need_weights": True, "average_attn_weights": False}
    with torch.no_grad():
        output, own = module(q, k, v, **how)
        with OverTokens(24, 2, mean=True) as seen:
            watched = module(q, k, v, **{**how, "need_weights": False})[0]
    torch.testing.assert_close(watched, output, atol=1e-5, rtol=1e-5)
    if queries == 1:
        torch.testing.assert_close(seen.single[0], own[0, :, 0], atol=1e-5, rtol=0)
        assert not seen.layers
        return
    (layer,) = seen.layers
    torch.testing.assert_close(layer.cls, own[0, :, 0], atol=1e-5, rtol=0)
    torch.testing.assert_close(layer.received, own[0, :, 2:].mean(1), atol=1e-5, rtol=0)


@pytest.mark.parametrize("how", [{"add_bias_kv": True}, {"add_zero_attn": True}])
def test_keys_that_are_no_tokens_are_not_taken_for_tokens(how: dict) -> None:
    module = nn.MultiheadAttention(32, 4, batch_first=True, **how).eval()
    x = torch.randn(1, 24, 32)
    with torch.no_grad(), OverTokens(24, 1, mean=True) as seen:
        module(x, x, x)
    assert not seen.layers


def test_an_encoder_of_pytorch_is_seen_behind_its_fast_path() -> None:
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True).eval().requires_grad_(False)
    x = torch.randn(1, 24, 32)
    with torch.no_grad():
        own = layer(x)
        with OverTokens(24, 1) as seen:
            output = layer(x)
    assert len(seen.layers) == 1
    torch.testing.assert_close(output, own, atol=1e-5, rtol=1e-5)


def test_a_batch_is_not_taken_for_one_photo() -> None:
    q, k, v = torch.randn(3, 2, 4, 24, 8)
    with OverTokens(24, 1) as seen:
        F.scaled_dot_product_attention(q, k, v)
    assert not seen.layers
    assert seen.others == [(24, 24)]
