"""Attention from single patches: its maps, and what the browser computes them from.

The queries and keys of all layers come from one pass; from them any patch of any layer is had
without another. A model that does not show them (one that attends within windows) is asked for each
row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, overload

import numpy as np
from heedmap.views import passes
from heedmap.views.data_urls import base64_of
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter

Patch: TypeAlias = "tuple[int, int]"  # row, column

KIND = "patch"  # an id of `viz.KINDS`
MOST = 16 * 2**20  # bytes of queries, keys and biases of one layer that a browser is sent


class Sent(TypedDict):
    """Queries and keys of a layer for the browser: base64 of float16, see `viz.LayerQueries`."""

    id: str
    heads: int
    tokens: int
    prefix: int
    grid: list[int]
    q: str
    k: str
    bias: str
    bias_shape: list[int]


class Layers(Sequence[np.ndarray]):
    """Maps (heads, rows, cols) of all layers, each made when it is first asked for."""

    def __init__(self, depth: int, make: Callable[[int], np.ndarray]) -> None:
        self._depth, self._make = depth, make
        self._made: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return self._depth

    @overload
    def __getitem__(self, index: int) -> np.ndarray: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[np.ndarray, ...]: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return tuple(self[layer] for layer in range(*index.indices(self._depth)))
        if not 0 <= index < self._depth:
            raise IndexError(index)
        if index not in self._made:
            self._made[index] = self._make(index)
        return self._made[index]


def kinds(adapter: Adapter) -> tuple[str, ...]:
    """The kinds of attention that can be chosen of a model, its recorded ones and from a patch."""
    own = tuple(adapter.kinds)
    at = next((i for i, kind in enumerate(own) if kind in ("tokens", "windows")), None)
    return own if at is None else (*own[:at], KIND, *own[at:])


def maps(adapter: Adapter, request: Request, patch: Patch) -> Layers:
    """What a patch attends to in each layer, (heads, rows, cols) float32.

    Args:
        adapter: the model that `request` names.
        request: the forward pass.
        patch: row and column in the grid of what the model saw.

    Raises:
        HeedmapError: as `passes.queries` and `passes.row`.
    """
    layers = passes.queries(adapter, request)
    if layers is not None:
        return Layers(len(layers), lambda layer: layers[layer].from_patch(*patch))
    recorded, seen = passes.attention(adapter, request)

    def row(layer: int) -> np.ndarray:
        place = within(patch, seen.grid, recorded.of("windows")[layer].shape)
        return passes.row(adapter, request, layer, place)

    return Layers(adapter.depth, row)


def within(patch: Patch, grid: tuple[int, int], shape: tuple[int, ...]) -> Patch:
    """A patch of a grid at its place in maps (..., rows, cols), which may be coarser."""
    return patch[0] * shape[-2] // grid[0], patch[1] * shape[-1] // grid[1]


def middle(grid: tuple[int, int]) -> Patch:
    """The patch that is shown where none was chosen."""
    return grid[0] // 2, grid[1] // 2


def id_of(request: Request, layer: int) -> str:
    """What tells the queries and keys of a layer from all others."""
    return f"{request.photo} {request.model} {request.size} {request.fit} {layer}"


def sent(adapter: Adapter, request: Request, layer: int) -> Sent | None:
    """What a browser computes all rows of a layer from; None where it is not to be had."""
    layers = passes.queries(adapter, request)
    if layers is None or layers[layer].nbytes > MOST:
        return None
    found = layers[layer]
    heads, tokens = found.q.shape[:2]
    return {
        "id": id_of(request, layer),
        "heads": heads,
        "tokens": tokens,
        "prefix": found.prefix,
        "grid": list(found.grid),
        "q": base64_of(found.q),
        "k": base64_of(found.k),
        "bias": "" if found.bias is None else base64_of(found.bias),
        "bias_shape": [] if found.bias is None else list(found.bias.shape),
    }
