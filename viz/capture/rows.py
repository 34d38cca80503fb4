"""Run a model once and record what single tokens of one layer attend to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError, short
from heedmap.viz import checks
from heedmap.viz.capture.calls import check_call
from heedmap.viz.capture.reasons import check, why_not
from heedmap.viz.capture.scores import Formed, Scores
from heedmap.viz.capture.tokens import Token, layer_of, only_patches, tokens_of
from heedmap.viz.capture.watch import SomeLayers, WindowsOfOneLayer

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

T = TypeVar("T")


def record_rows(adapter: Adapter, x: Prepared, layer: int, patches: Sequence[Token]) -> np.ndarray:
    """Run the model once and keep how some tokens of one layer attend to the patches.

    Args:
        adapter: a model with attention.
        x: the photo that `adapter.prepare` made.
        layer: 0 to `adapter.depth` - 1; -1 is the last.
        patches: the queries. Each is (row, col) of a patch; "cls", the mean of the CLS tokens
            where there are several; or ("register", i), the i-th of the tokens that are neither,
            counted from 0 in the model's order. A model with class-attention layers has "cls"
            alone; one that attends within windows has patches alone, in the grid of the layer.

    Returns:
        (patches, heads, rows, cols) float32: the rows of the layer's attention, sliced to the
        patches. Each sums to 1, less what goes to the other tokens. Within windows it is 0 outside
        of the query's window, and sums to 1, less what goes to padding.

    Raises:
        SettingError: no such layer or token, not an adapter, or a photo that it did not prepare.
        CaptureError: a model that shows no attention.
    """
    check_call(adapter, x)
    index = _layer(adapter, layer)
    queries = checks.listed(patches, "Patches")
    if not queries:
        raise SettingError("0 patches have no attention to show: give at least one (row, col).")
    if "windows" in adapter.kinds:
        return _in_windows(adapter, x, index, queries)
    if adapter.kinds == ("cls",) and any(query != "cls" for query in queries):
        raise SettingError(
            f"{adapter.title} shows what CLS attends to and no patch's attention, this is "
            f'{short(queries)}: give ["cls"].'
        )
    tokens = [tokens_of(adapter, x.grid, query) for query in queries]

    def keep(attention: Scores | Formed) -> torch.Tensor:
        return torch.stack([attention.of_tokens(some).mean(1) for some in tokens]).cpu()

    rows = of_layer(adapter, x, index, keep)  # (patches, heads, N)
    kept = rows[..., x.prefix : x.prefix + math.prod(x.grid)].numpy()
    return np.ascontiguousarray(kept).reshape(*rows.shape[:2], *x.grid)


def of_layer(adapter: Adapter, x: Prepared, layer: int, keep: Callable[[Scores | Formed], T]) -> T:
    """Run a model that attends over all tokens, and keep something of one of its layers.

    Raises:
        CaptureError: no attention was seen, or that of fewer layers than the model has.
    """
    return of_layers(adapter, x, keep, layer)[layer]


def of_layers(
    adapter: Adapter, x: Prepared, keep: Callable[[Scores | Formed], T], layer: int | None = None
) -> list[T]:
    """The same of all its layers; of `layer` alone where it is given, and None of the others."""
    kind = "single" if adapter.kinds == ("cls",) else "layers"
    tokens = adapter.order.tokens(math.prod(x.grid))
    watch = SomeLayers(tokens, x.prefix, layer, keep, kind)
    with watch:
        adapter.run(x.pixels, x.fit)
    pooled = tokens == 1 and "pool" in adapter.kinds  # whose call has the shape of a layer's
    check(adapter, len(watch.layers) - pooled, watch)
    found: list[T] = watch.layers[: adapter.depth]
    return found


def _layer(adapter: Adapter, layer: int) -> int:
    if not adapter.kinds:
        raise CaptureError(why_not(adapter))
    return layer_of(adapter, layer)


def _in_windows(adapter: Adapter, x: Prepared, layer: int, queries: list[Token]) -> np.ndarray:
    windows = adapter.windows(x)
    grid = windows[layer].grid
    places = [only_patches(grid, query) for query in queries]
    with WindowsOfOneLayer(windows, layer=layer, places=places) as watch:
        adapter.run(x.pixels, x.fit)
    check(adapter, len(watch.maps), watch)
    return np.asarray(watch.maps[layer])
