"""Run a model once and record what its tokens hold after each block."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError
from heedmap.viz import checks
from heedmap.viz.capture.calls import check_call
from torch import nn

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared


@dataclass(frozen=True)
class Features:
    """What the tokens hold after one block, for one photo.

    Attributes:
        patches: (dim, rows, cols) float32: after the final norm for the last block, the residual
            stream before it for all others.
        others: (tokens, dim) float32, the same of the tokens that are no patches, in the model's
            order.
        norms: (rows, cols) float32, the length of each patch's residual stream, before any norm.
    """

    patches: np.ndarray
    others: np.ndarray
    norms: np.ndarray


def record_features(
    adapter: Adapter, x: Prepared, layers: Sequence[int] | None = None
) -> dict[int, Features]:
    """Run the model once and keep the tokens after some of its blocks.

    Args:
        adapter: a plain ViT of timm, Transformers or torchvision, vision towers of CLIP included.
        x: the photo that `adapter.prepare` made.
        layers: numbers of blocks, from 0; negative ones count from the last. All by default.

    Returns:
        {number of the block, from 0: its features}, in order.

    Raises:
        SettingError: no such block, not an adapter, or a photo that it did not prepare.
        CaptureError: a model that is no plain ViT, or a block that was not seen.
    """
    check_call(adapter, x)
    stream = adapter.stream
    if stream is None:
        raise CaptureError(
            "{title} has no one row of tokens that all of its blocks share: choose a plain "
            "ViT, such as DINOv2.",
            title=adapter.title,
        )
    count = len(stream.blocks)
    sentence = f"{adapter.title} has no block {{}}: choose 0 to {count - 1}, or -1 for the last."
    asked = range(count) if layers is None else checks.listed(layers, "Layers")
    if not asked:
        raise SettingError("0 blocks have no features to show: give at least one.")
    wanted = sorted({checks.whole(layer, sentence, -count, count - 1) % count for layer in asked})
    kept: dict[int, torch.Tensor] = {}
    with adapter.lock, _hooks(stream.blocks, wanted, kept):
        adapter.run(x.pixels, x.fit)
    tokens = adapter.order.tokens(math.prod(x.grid))
    missing = [layer for layer in wanted if layer not in kept or len(kept[layer]) != tokens]
    if missing:
        raise CaptureError(
            "{title} put out no tokens of its photo after block {missing}: choose another model.",
            title=adapter.title,
            missing=missing[0],
        )
    norm = stream.norm
    return {n: _features(kept[n], x, norm if n == count - 1 else None) for n in wanted}


@contextmanager
def _hooks(
    blocks: Sequence[nn.Module], wanted: Sequence[int], kept: dict[int, torch.Tensor]
) -> Iterator[None]:
    """Fill `kept` with (tokens, dim) while the block runs; the hooks are removed whatever happens.

    Other threads may run the module meanwhile: their tokens are left alone.
    """
    mine = threading.get_ident()

    def keep(layer: int) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            tokens = output[0] if isinstance(output, tuple) else output
            if threading.get_ident() == mine and isinstance(tokens, torch.Tensor):
                kept[layer] = tokens[0] if tokens.ndim == 3 else tokens

        return hook

    handles = []
    try:
        for layer in wanted:
            handles.append(blocks[layer].register_forward_hook(keep(layer)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _features(tokens: torch.Tensor, x: Prepared, norm: nn.Module | None) -> Features:
    """Features of (tokens, dim)."""
    start, count = x.prefix, math.prod(x.grid)
    lengths = tokens[start : start + count].float().norm(dim=-1).reshape(x.grid)
    if norm is not None:
        with torch.inference_mode():
            tokens = norm(tokens[None])[0]
    held = tokens.float().cpu().numpy()
    patches = np.ascontiguousarray(held[start : start + count].T).reshape(-1, *x.grid)
    others = np.concatenate([held[:start], held[start + count :]])
    return Features(patches, others, lengths.cpu().numpy())
