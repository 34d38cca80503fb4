"""Forward passes: each runs once and is cached, so that moving a control runs no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from heedmap import viz
from heedmap.errors import CaptureError
from heedmap.views import photos, turns
from heedmap.views.cache import MEGABYTE, kept
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.viz import Activations, Attention

T = TypeVar("T")


def _queries_nbytes(result: tuple[viz.LayerQueries, ...] | None) -> int:
    return 1 + sum(layer.nbytes for layer in result or ())


def _nbytes(result: tuple[Any, Prepared]) -> int:
    recorded, seen = result
    return sum(int(layer.nbytes) for maps in recorded.maps.values() for layer in maps) + (
        seen.view.nbytes
    )


@kept(
    256 * MEGABYTE,
    _nbytes,
    key=lambda adapter, request, token_mean=False: (request, token_mean),
)
def attention(
    adapter: Adapter, request: Request, token_mean: bool = False
) -> tuple[Attention, Prepared]:
    """Attention of all layers and heads, and what the model saw (without its input tensor).

    Args:
        adapter: the model that `request` names.
        request: the photo, the size and the fit.
        token_mean: also record the mean over the queries of all patches.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.record_attention`.
    """
    return _run(adapter, request, lambda x: viz.record_attention(adapter, x, token_mean=token_mean))


@kept(256 * MEGABYTE, _queries_nbytes, key=lambda adapter, request: request)
def queries(adapter: Adapter, request: Request) -> tuple[viz.LayerQueries, ...] | None:
    """The queries and keys of all layers; None for a model that does not show them.

    Raises:
        ImageError, SettingError: see `Adapter.prepare`.
    """
    try:
        return _run(adapter, request, lambda x: viz.record_all_queries(adapter, x))[0]
    except CaptureError:
        return None


@kept(
    64 * MEGABYTE,
    lambda rows: rows.nbytes,
    key=lambda adapter, request, layer, patch: (request, layer, patch),
)
def row(adapter: Adapter, request: Request, layer: int, patch: tuple[int, int]) -> np.ndarray:
    """What one patch attends to in one layer, (heads, rows, cols) float32.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.record_rows`.
    """
    rows = _run(adapter, request, lambda x: viz.record_rows(adapter, x, layer, [patch]))[0]
    return np.asarray(rows[0])


@kept(512 * MEGABYTE, _nbytes, key=lambda adapter, request, layers: (request, layers))
def activations(
    adapter: Adapter, request: Request, layers: tuple[str, ...]
) -> tuple[Activations, Prepared]:
    """The maps of `layers`, the prediction, and what the model saw (without its input tensor).

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.record_activations`.
    """
    return _run(adapter, request, lambda x: viz.record_activations(adapter, x, layers))


def _run(
    adapter: Adapter, request: Request, capture: Callable[[Prepared], T]
) -> tuple[T, Prepared]:
    """The one place where a model runs on a photo."""
    x = adapter.prepare(photos.pixels(request.photo), request.size, request.fit)
    with turns.turn():
        captured = capture(x)
    return captured, replace(x, pixels=x.pixels.new_empty(0))
