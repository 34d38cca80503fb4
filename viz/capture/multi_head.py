"""The arguments of `multi_head_attention_forward`, inside which no call is seen, as attention."""

from __future__ import annotations

import inspect
from typing import Any

import torch
import torch.nn.functional as F

MULTI_HEAD = inspect.signature(F.multi_head_attention_forward)


def over_tokens(call: dict[str, Any]) -> bool:
    """Whether all keys of a `multi_head_attention_forward` are tokens."""
    more = any(call.get(name) is not None for name in ("bias_k", "static_k"))
    return not more and not call["add_zero_attn"]


def projected_value(call: dict[str, Any]) -> torch.Tensor:
    """Value, (batch, heads, tokens, e)."""
    separate = call.get("use_separate_proj_weight")
    weight = call["v_proj_weight"] if separate else call["in_proj_weight"].chunk(3)[2]
    bias = call["in_proj_bias"].chunk(3)[2] if call["in_proj_bias"] is not None else None
    return _split(F.linear(call["value"], weight, bias), call["num_heads"])


def projected(call: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Query and key, each (batch, heads, tokens, d), and what is added to their scores."""
    if call.get("use_separate_proj_weight"):
        weights = call["q_proj_weight"], call["k_proj_weight"]
    else:
        weights = call["in_proj_weight"].chunk(3)[:2]
    biases = call["in_proj_bias"].chunk(3) if call["in_proj_bias"] is not None else (None, None)
    heads = call["num_heads"]
    query = _split(F.linear(call["query"], weights[0], biases[0]), heads)
    key = _split(F.linear(call["key"], weights[1], biases[1]), heads)
    return query, key, _mask(call.get("attn_mask"), call.get("key_padding_mask"), heads)


def _split(x: torch.Tensor, heads: int) -> torch.Tensor:
    """(tokens, dim) or (tokens, batch, dim) -> (batch, heads, tokens, d)."""
    return x.reshape(len(x), -1, heads, x.shape[-1] // heads).permute(1, 2, 0, 3)


def _mask(
    attention: torch.Tensor | None, padding: torch.Tensor | None, heads: int
) -> torch.Tensor | None:
    """The masks of `multi_head_attention_forward`, where True hides, as one that is added."""
    rows = None if padding is None else padding.reshape(-1, 1, 1, padding.shape[-1])
    if attention is not None and attention.ndim == 3:
        attention = attention.view(-1, heads, *attention.shape[1:])  # (batch, heads, queries, keys)
    if attention is None or rows is None:
        mask = rows if attention is None else attention
        return None if mask is None else _added(mask)
    return _added(attention) + _added(rows)


def _added(mask: torch.Tensor) -> torch.Tensor:
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros_like(mask, dtype=torch.float32).masked_fill(mask, -torch.inf)
