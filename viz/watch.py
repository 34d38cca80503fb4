"""Attention seen as it is computed: watch the calls of one thread, change nothing.

Every fused attention in PyTorch passes through `scaled_dot_product_attention`, and every eager
one through a softmax over (batch, heads, queries, keys). A `TorchFunctionMode` sees both, in its
own thread only, so a model that several people use at once is never touched.

`A` below is the attention of one layer, (heads, N, N): row = query, column = key, rows sum to 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

SOFTMAX: tuple[Callable[..., Any], ...] = (torch.Tensor.softmax, torch.softmax, F.softmax)
BLOCK_BYTES = 8 * 2**20  # of scores formed at a time: what stays in a core's caches


@dataclass
class Layer:
    """What is kept of one layer's attention, float32 on the CPU.

    Attributes:
        first: (heads, N), the row of the first token, CLS where there is one.
        received: (heads, N), the mean over all patch queries; None where it was not asked for.
    """

    first: torch.Tensor
    received: torch.Tensor | None


@dataclass
class Watch(TorchFunctionMode):
    """Reduces every attention over exactly `tokens` tokens to a `Layer`; counts the others.

    Attributes:
        tokens: N, prefix tokens and patches.
        prefix: tokens before the patches; their queries do not count in `Layer.received`.
        mean: whether `Layer.received` is formed.
        layers: what was seen, in the order of the calls.
        others: (queries, keys) of attention calls over other numbers of tokens.
    """

    tokens: int
    prefix: int
    mean: bool = False
    layers: list[Layer] = field(default_factory=list)
    others: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:
            return self._fused(*args, **kwargs)
        output = func(*args, **kwargs)
        if func in SOFTMAX and output.ndim == 4 and self._is_layer(*output.shape[-2:]):
            self._keep(_reduce(output[0], self.prefix, self.mean))
        return output

    def _is_layer(self, queries: int, keys: int) -> bool:
        if queries == keys == self.tokens:
            return True
        self.others.append((queries, keys))
        return False

    def _fused(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        *args: Any,
        **kwargs: Any,
    ) -> torch.Tensor:
        if self._is_layer(query.shape[-2], key.shape[-2]):
            scores = Scores.of(query, key, *args, **kwargs)
            if self.mean:
                output, layer = _attend_in_blocks(scores, value, self.prefix)
                self._keep(layer)
                return output
            self._keep(Layer(scores.rows(0, 1).softmax(-1)[:, 0], None))
        return F.scaled_dot_product_attention(query, key, value, *args, **kwargs)

    def _keep(self, layer: Layer) -> None:
        received = layer.received.float().cpu() if layer.received is not None else None
        self.layers.append(Layer(layer.first.float().cpu(), received))


@dataclass
class Scores:
    """The arguments of one attention call of batch 1, and its scores before the softmax.

    Attributes:
        query: (heads, N, d).
        key: (heads, N, d) float32; grouped keys are repeated for the heads that share them.
        scale: what the products are multiplied with.
        mask: what is added or hidden, broadcastable to (heads, N, N), or None.
        causal: whether a query sees only the keys up to its own place.
    """

    query: torch.Tensor
    key: torch.Tensor
    scale: float
    mask: torch.Tensor | None
    causal: bool

    @classmethod
    def of(
        cls,
        query: torch.Tensor,
        key: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Scores:
        """From the arguments of `scaled_dot_product_attention`, in its order (less the value)."""
        mask = attn_mask
        if mask is not None and mask.ndim == 4:
            mask = mask[0]
        keys = _shared(key[0], len(query[0])).float()
        if scale is None:
            scale = query.shape[-1] ** -0.5
        return cls(query[0], keys, scale, mask, is_causal)

    def rows(self, start: int, stop: int, out: torch.Tensor | None = None) -> torch.Tensor:
        """Scores of the queries from `start` to `stop`: (heads, stop - start, N) float32."""
        scores = torch.bmm(self.query[:, start:stop].float() * self.scale, self.key.mT, out=out)
        if self.causal:
            query, key = (torch.arange(n, device=scores.device) for n in scores.shape[1:])
            scores.masked_fill_(key > query.unsqueeze(1) + start, -torch.inf)
        if self.mask is not None:
            part = self.mask[..., start:stop, :] if self.mask.shape[-2] > 1 else self.mask
            if part.dtype == torch.bool:
                scores.masked_fill_(~part, -torch.inf)
            else:
                scores += part
        return scores


def _attend_in_blocks(
    scores: Scores, value: torch.Tensor, prefix: int
) -> tuple[torch.Tensor, Layer]:
    """The attention's output and its reduction from the same blocks of queries.

    A block of scores has to be formed to be averaged, so it yields the output too, and the fused
    kernel need not run. One buffer serves all blocks: no (heads, N, N) tensor ever stands.
    """
    heads, tokens = scores.query.shape[:2]
    values = _shared(value[0], heads).float().contiguous()
    output = values.new_empty(heads, tokens, values.shape[-1])
    received = values.new_zeros(heads, tokens)
    first = values.new_empty(heads, tokens)
    block = min(tokens, max(32, BLOCK_BYTES // (4 * heads * tokens)))
    buffer = values.new_empty(heads * block * tokens)
    for start in range(0, tokens, block):
        stop = min(start + block, tokens)
        weights = buffer[: heads * (stop - start) * tokens].view(heads, stop - start, tokens)
        scores.rows(start, stop, out=weights)
        torch.softmax(weights, -1, out=weights)
        torch.bmm(weights, values, out=output[:, start:stop])
        received += weights[:, max(prefix - start, 0) :].sum(1)
        if start == 0:
            first.copy_(weights[:, 0])
    received /= tokens - prefix
    return output.unsqueeze(0).to(value.dtype), Layer(first, received)


def _reduce(attention: torch.Tensor, prefix: int, mean: bool) -> Layer:
    """The same from an attention (heads, N, N) that the model formed itself."""
    received = attention[:, prefix:].mean(1, dtype=torch.float32) if mean else None
    return Layer(attention[:, 0].clone(), received)


def _shared(key: torch.Tensor, heads: int) -> torch.Tensor:
    """Grouped-query attention: (groups, N, d) -> (heads, N, d)."""
    return key if len(key) == heads else key.repeat_interleave(heads // len(key), 0)
