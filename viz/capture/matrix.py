"""Run a model once and keep the whole attention matrix of a head, pooled to a size to look at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from heedmap.errors import CaptureError
from heedmap.languages import Phrase
from heedmap.viz import checks
from heedmap.viz.capture.calls import check_call
from heedmap.viz.capture.reasons import why_not
from heedmap.viz.capture.rows import of_layer
from heedmap.viz.capture.scores import Formed, Scores
from heedmap.viz.capture.tokens import layer_of

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.models.families import Order

_BLOCK = 64  # queries at a time


@dataclass(frozen=True)
class AttentionMatrix:
    """The attention of one head, token by token; square tiles of patches count as one token.

    Attributes:
        values: (tokens, tokens) float32, row = query, column = key: the mean over the queries of
            a row, the sum over the keys of a column, so every row sums to 1.
        labels: what each token is, "CLS", "register 0", "patch (3, 4)", or "patches (2, 4) to
            (3, 5)", whose places are (row, col) from (0, 0).
        places: for each token (row, col) of its patch, or of the first of its tile; None for a
            token that is no patch.
        prefix: tokens before the patches, which are never pooled; those behind them neither.
        patches: how many tokens are patches or tiles.
        tile: side of a tile in patches; 1 where nothing is pooled.
    """

    values: np.ndarray
    labels: tuple[str, ...]
    places: tuple[tuple[int, int] | None, ...]
    prefix: int
    patches: int
    tile: int


def attention_matrix(
    adapter: Adapter, x: Prepared, layer: int, head: int | None, most: int = 256
) -> AttentionMatrix:
    """Run the model once and keep how all tokens attend to all tokens in one head.

    Args:
        adapter: a model that attends over all of the photo's tokens.
        x: the photo that `adapter.prepare` made.
        layer: 0 to `adapter.depth` - 1; -1 is the last.
        head: 0 to `adapter.heads` - 1; -1 is the last; None is the mean of all heads.
        most: tokens a side, at most; patches are pooled to tiles as large as this takes.

    Raises:
        SettingError: no such layer or head, `most` below one tile and the other tokens, not an
            adapter, or a photo that it did not prepare.
        CaptureError: a model that attends within windows, from CLS alone or not at all.
    """
    check_call(adapter, x)
    if not adapter.kinds:
        raise CaptureError(why_not(adapter))
    index = layer_of(adapter, layer)
    if "tokens" not in adapter.kinds:
        raise CaptureError(
            "{title} has no matrix of all tokens, since its patches do not attend to all "
            "patches: record its maps instead.",
            title=adapter.title,
        )
    heads = adapter.heads
    sentence = f"{adapter.title} has no head {{}}: choose 0 to {heads - 1}, or -1 for the last."
    one = None if head is None else checks.whole(head, sentence, -heads, heads - 1) % heads
    others = adapter.order.others
    least = f"A matrix of {{}} tokens a side cannot be drawn: choose {others + 1} or more."
    tile = _tile(x.grid, checks.whole(most, least, others + 1) - others)
    groups, places = _groups(x.grid, adapter.order, tile)
    values = of_layer(
        adapter, x, index, lambda all: _pooled(all if one is None else all.of_head(one), groups)
    )
    labels = tuple(_labels(places, x.grid, adapter.order, tile))
    patches = sum(place is not None for place in places)
    return AttentionMatrix(values.numpy(), labels, tuple(places), x.prefix, patches, tile)


def _tile(grid: tuple[int, int], most: int) -> int:
    """The smallest side of tiles of which at most so many cover the grid."""
    sides = range(1, max(grid) + 1)
    return next(s for s in sides if math.ceil(grid[0] / s) * math.ceil(grid[1] / s) <= most)


def _groups(
    grid: tuple[int, int], order: Order, tile: int
) -> tuple[torch.Tensor, list[tuple[int, int] | None]]:
    """For each token the row of the matrix that it is in, (N,); for each row its first patch."""
    rows, cols = (torch.arange(side) // tile for side in grid)
    wide = int(cols[-1]) + 1
    tiles = (rows[:, None] * wide + cols).flatten()
    count = int(tiles[-1]) + 1
    before, behind = torch.arange(order.prefix), torch.arange(order.suffix)
    groups = torch.cat([before, order.prefix + tiles, order.prefix + count + behind])
    inner = [(n // wide * tile, n % wide * tile) for n in range(count)]
    return groups, [*[None] * order.prefix, *inner, *[None] * order.suffix]


def _pooled(heads: Scores | Formed, groups: torch.Tensor) -> torch.Tensor:
    """(rows, rows) on the CPU: heads and queries of a group averaged, keys of a group summed."""
    count, tokens = int(groups.max()) + 1, len(groups)
    values = torch.zeros(count, count)
    for start in range(0, tokens, _BLOCK):
        weights = heads.between(start, min(start + _BLOCK, tokens)).mean(0).cpu()
        columns = torch.zeros(len(weights), count).index_add_(1, groups, weights)
        values.index_add_(0, groups[start : start + _BLOCK], columns)
    return values / torch.bincount(groups)[:, None]


def _labels(
    places: list[tuple[int, int] | None], grid: tuple[int, int], order: Order, tile: int
) -> list[str]:
    readers = order.readers(len(places) - order.others)
    cls = range(len(places))[readers]
    labels: list[str] = []
    registers = 0
    for token, place in enumerate(places):
        if place is not None:
            labels.append(_of_patches(place, grid, tile))
        elif token in cls:
            labels.append("CLS" if order.cls == 1 else f"CLS {token - cls.start}")
        else:
            labels.append(Phrase("register {number}", number=registers))
            registers += 1
    return labels


def _of_patches(place: tuple[int, int], grid: tuple[int, int], tile: int) -> str:
    row, col = place
    last = min(row + tile, grid[0]) - 1, min(col + tile, grid[1]) - 1
    if last == place:
        return Phrase("patch {place}", place=place)
    return Phrase("patches {place} to {last}", place=place, last=last)
