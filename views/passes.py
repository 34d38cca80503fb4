"""Forward passes: each runs once and is cached, so that moving a control runs no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from heedmap import viz
from heedmap.views import photos, turns
from heedmap.views.cache import MEGABYTE, kept
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.viz import Activations, Attention

T = TypeVar("T")


def _nbytes(result: tuple[Any, Prepared]) -> int:
    recorded, seen = result
    return sum(int(layer.nbytes) for maps in recorded.maps.values() for layer in maps) + (
        seen.view.nbytes
    )


@kept(
    256 * MEGABYTE,
    _nbytes,
    key=lambda adapter, request, token_mean=False, stats=False: (request, token_mean, stats),
)
def attention(
    adapter: Adapter, request: Request, token_mean: bool = False, stats: bool = False
) -> tuple[Attention, Prepared]:
    """Attention of all layers and heads, and what the model saw (without its input tensor).

    Args:
        adapter: the model that `request` names.
        request: the photo, the size and the fit.
        token_mean: also record the mean over the queries of all patches.
        stats: also record the entropy and the mean distance of each head.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.record_attention`.
    """

    def record(x: Prepared) -> Attention:
        return viz.record_attention(adapter, x, token_mean=token_mean, stats=stats)

    return _run(adapter, request, record)


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
