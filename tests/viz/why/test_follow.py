"""The way back through an attention formed in blocks, against autograd through a whole one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from heedmap.viz.why import follow, keep

HEADS, TOKENS, WIDTH = 4, 37, 6
CALLS: dict[str, dict[str, Any]] = {
    "plain": {},
    "scaled": {"scale": 0.7},
    "causal": {"is_causal": True},
    "added to": {"attn_mask": torch.linspace(-2, 2, TOKENS**2).view(1, 1, TOKENS, TOKENS)},
    "hidden": {"attn_mask": torch.arange(TOKENS).expand(1, 1, TOKENS, TOKENS) != 5},
    "grouped": {"enable_gqa": True},
}


def inputs(grouped: bool) -> list[torch.Tensor]:
    """Query, key and value, all of one tensor that gradients are taken by."""
    torch.manual_seed(0)
    heads = (HEADS, HEADS // 2, HEADS // 2) if grouped else (HEADS,) * 3
    return [torch.randn(1, n, TOKENS, WIDTH, requires_grad=True) for n in heads]


def whole(query: torch.Tensor, key: torch.Tensor, call: dict[str, Any]) -> torch.Tensor:
    """A, (1, heads, N, N), written out."""
    key = key.repeat_interleave(HEADS // key.shape[1], 1)
    scores = query @ key.mT * call.get("scale", WIDTH**-0.5)
    mask = call.get("attn_mask")
    if call.get("is_causal"):
        mask = torch.ones(TOKENS, TOKENS).tril().bool()
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, -torch.inf)
    elif mask is not None:
        scores = scores + mask
    return scores.softmax(-1)


@pytest.mark.parametrize("reads", [slice(None), slice(0, 1), slice(9, 21)])
@pytest.mark.parametrize("kind", list(CALLS))
def test_gradients_and_products_are_those_of_the_whole_attention(
    kind: str, reads: slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, "BLOCK_BYTES", 4 * HEADS * TOKENS * 8)  # eight queries at a time
    call, seen = CALLS[kind], torch.zeros(HEADS, TOKENS, TOKENS)
    query, key, value = inputs(kind == "grouped")

    def layer(_: torch.Tensor) -> follow.Add:
        def add(some: slice, product: torch.Tensor) -> None:
            seen[:, some] += product

        return add

    watch = follow.Following(TOKENS, 0, layer=layer, pool=layer)
    with watch:
        output = F.scaled_dot_product_attention(query, key, value, **call)
    weights = torch.randn_like(output)
    found = torch.autograd.grad((output * weights)[:, :, reads].sum(), (query, key, value))

    attention = whole(query, key, call)
    own = attention @ value.repeat_interleave(HEADS // value.shape[1], 1)
    torch.testing.assert_close(output, own)
    score = (own * weights)[:, :, reads].sum()
    *wanted, change = torch.autograd.grad(score, (query, key, value, attention))
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(seen, (attention * change)[0], rtol=1e-4, atol=1e-6)
