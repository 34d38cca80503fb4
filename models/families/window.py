"""Positions of the windows within which a layer attends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class Window:
    """The windows of one layer on its grid of tokens, all of one size.

    Attributes:
        grid: (rows, cols) of the layer's tokens.
        size: (rows, cols) of a window; the grid is padded at the bottom and on the right to whole
            windows.
        shift: (rows, cols) by which the tokens are rolled up and to the left before (Swin).
        strided: whether the tokens of a window are spread evenly over the grid (MaxViT's grid
            attention), not side by side.
        padded_first: whether the grid is padded before it is rolled (Transformers), not after.
    """

    grid: tuple[int, int]
    size: tuple[int, int]
    shift: tuple[int, int] = (0, 0)
    strided: bool = False
    padded_first: bool = False

    @property
    def padded(self) -> tuple[int, int]:
        """(rows, cols) of the grid in whole windows."""
        (rows, cols), (height, width) = self.grid, self.size
        return math.ceil(rows / height) * height, math.ceil(cols / width) * width

    @property
    def area(self) -> int:
        """How many tokens are in a window."""
        return math.prod(self.size)

    @property
    def count(self) -> int:
        """How many windows there are."""
        return math.prod(self.padded) // self.area

    def split(self, tokens: torch.Tensor) -> torch.Tensor:
        """(rows, cols, channels) -> (windows, tokens, channels), padding as zeros."""
        from timm.models.maxxvit import grid_partition, window_partition

        (rows, cols), (high, wide) = self.grid, self.padded
        back, missing = (-self.shift[0], -self.shift[1]), (0, 0, 0, wide - cols, 0, high - rows)
        if self.padded_first:
            x = torch.roll(F.pad(tokens, missing), back, (0, 1))
        else:
            x = F.pad(torch.roll(tokens, back, (0, 1)), missing)
        partition = grid_partition if self.strided else window_partition
        parts: torch.Tensor = partition(x.unsqueeze(0), self.size)
        return parts.flatten(1, 2)

    def join(self, windows: torch.Tensor) -> torch.Tensor:
        """(windows, tokens, channels) -> (rows, cols, channels): `split` undone."""
        from timm.models.maxxvit import grid_reverse, window_reverse

        parts = windows.reshape(-1, *self.size, windows.shape[-1])
        x = (grid_reverse if self.strided else window_reverse)(parts, self.size, self.padded)[0]
        if self.padded_first:
            return torch.roll(x, self.shift, (0, 1))[: self.grid[0], : self.grid[1]]
        return torch.roll(x[: self.grid[0], : self.grid[1]], self.shift, (0, 1))

    def real(self) -> torch.Tensor:
        """(windows, tokens) float32: 1 for a token of the grid, 0 for padding."""
        return self.split(torch.ones(*self.grid, 1))[..., 0]
