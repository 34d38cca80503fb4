"""What DINO's own code does otherwise (Caron et al. 2021): its interpolation of positions."""

from __future__ import annotations

import re

import torch
from torch.nn import functional

# Transformers' copies of DINO v1 say what they are by their name alone: on the hub, in a folder of
# that name, or in the hub's cache.
_NAME = re.compile(r"(^|[/\\]|--)dino-vit[sb]\d+([/\\]snapshots[/\\]\w+)?[/\\]?$")


def is_named(name: str) -> bool:
    """Whether a name or path is that of a DINO v1 checkpoint of Transformers."""
    return _NAME.search(name) is not None


def positions(table: torch.Tensor, own: tuple[int, int], grid: tuple[int, int]) -> torch.Tensor:
    """The positions of CLS and of a grid of patches, by DINO's `interpolate_pos_encoding`.

    It gives the ratio of the sides and not the size, and adds 0.1 to it, so it samples the table at
    slightly other places than an interpolation to that size; it does not smooth where it shrinks.

    Args:
        table: (1, 1 + patches, dim), that of CLS first.
        own: (rows, cols) of the patches in the table.
        grid: (rows, cols) of the photo's patches.

    Returns:
        (1, 1 + rows * cols, dim), of the table's type.
    """
    if grid == own:
        return table
    exact = torch.promote_types(table.dtype, torch.float32)
    patches = table[:, 1:].to(exact).reshape(-1, *own, table.shape[-1]).movedim(-1, 1)
    ratio = [(new + 0.1) / old for new, old in zip(grid, own, strict=True)]
    there = functional.interpolate(patches, scale_factor=ratio, mode="bicubic")
    return torch.cat([table[:, :1], there.flatten(2).mT.to(table.dtype)], 1)
