"""Models that attend within windows, and the whole matrix of attention that they form thereby."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import timm
import torch
from timm.models import maxxvit, swin_transformer, swin_transformer_v2
from torch import nn

from tests.viz.capture.oracles import spread

SWIN = {"embed_dim": 16, "depths": (2, 2), "num_heads": (2, 4), "window_size": 4, "img_size": 64}
MAXVIT = {
    "img_size": 48,
    "transformer_partition_ratio": 8,
    "embed_dim": (32, 64),
    "depths": (1, 1),
    "block_type": ("M", "M"),
}
FAMILIES = {
    "Swin": ("swin_tiny_patch4_window7_224", swin_transformer, SWIN),
    "Swin V2": ("swinv2_tiny_window8_256", swin_transformer_v2, SWIN),
    "MaxViT": ("test_maxvit", maxxvit, MAXVIT),
    "MaxViT of TensorFlow": (
        "maxvit_tiny_tf_224",
        maxxvit,
        {**MAXVIT, "stem_width": 16},
    ),
    "MaxViT, both at once": (
        "maxvit_tiny_pm_256",
        maxxvit,
        {**MAXVIT, "block_type": ("PM", "PM"), "stem_width": 16, "embed_dim": (64, 64)},
    ),
}


@dataclass
class Case:
    """A module to wrap; its like, made anew by timm for photos of one size.

    Attributes:
        module: what is wrapped.
        anew: (height, width) -> the same weights in a module of that size, unfused.
    """

    module: nn.Module
    anew: Callable[[int, int], nn.Module]


def case(family: str) -> Case:
    """A small model with random weights."""
    name, source, settings = FAMILIES[family]
    torch.manual_seed(0)
    module = timm.create_model(name, num_classes=3, **settings).eval()
    spread(module)

    def anew(height: int, width: int) -> nn.Module:
        like = timm.create_model(name, num_classes=3, **{**settings, "img_size": (height, width)})
        weights = {key: value.clone() for key, value in module.state_dict().items()}
        like.load_state_dict(source.checkpoint_filter_fn(weights, like))
        for part in like.modules():
            if hasattr(part, "fused_attn"):
                part.fused_attn = False
        return like.eval()

    return Case(module, anew)


def attention(like: nn.Module, pixels: torch.Tensor) -> list[tuple[torch.Tensor, tuple[int, int]]]:
    """(heads, N, N) of each layer, zeros between windows, and the layer's (rows, cols).

    What goes into the dropout behind each softmax is scattered by the places that an image of
    numbers takes when it goes the way of the tokens.
    """
    kept: list[torch.Tensor] = []
    places: list[tuple[torch.Tensor, tuple[int, int]]] = []
    for part in like.modules():
        if hasattr(part, "attn_drop"):
            part.attn_drop.register_forward_hook(lambda _, i, o: kept.append(i[0]))
        if hasattr(part, "_attn") or hasattr(part, "partition_size"):
            part.register_forward_pre_hook(lambda part, i: places.extend(_places(part, i[0])))
    with torch.no_grad():
        like(pixels)
    assert len(kept) == len(places)
    return [(scatter(w, place, grid), grid) for w, (place, grid) in zip(kept, places, strict=True)]


def _places(part: Any, x: torch.Tensor) -> Iterator[tuple[torch.Tensor, tuple[int, int]]]:
    """(windows, n), the number of the token that stands there, or N for padding."""
    rows, cols = x.shape[1:3]
    numbers = torch.arange(rows * cols).view(1, rows, cols, 1)
    grid = (rows, cols)
    if hasattr(part, "partition_size"):
        both = not hasattr(part, "partition_block")
        if both or part.partition_block:
            yield maxxvit.window_partition(numbers, part.partition_size).flatten(1), grid
        if both or not part.partition_block:
            yield maxxvit.grid_partition(numbers, part.partition_size).flatten(1), grid
        return
    high, wide = (-(-n // size) * size for n, size in zip(grid, part.window_size, strict=True))
    padded = torch.full((1, high, wide, 1), rows * cols)
    padded[:, :rows, :cols] = numbers.roll([-s for s in part.shift_size], (1, 2))
    yield swin_transformer.window_partition(padded, part.window_size).flatten(1), grid


def scatter(weights: torch.Tensor, places: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    """(windows, heads, n, n) -> (heads, N, N), padding left out."""
    n = grid[0] * grid[1]
    whole = torch.zeros(weights.shape[1], n + 1, n + 1)
    for window, place in zip(weights, places, strict=True):
        whole[:, place[:, None], place[None]] = window
    return whole[:, :n, :n]
