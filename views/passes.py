"""Forward passes: each runs once and is cached, so that moving a control runs no model.

A pass that runs is given up when nobody waits for it: at once where its visitor has asked for
another, and else after a moment, so that a control that needs no other pass does not start it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from heedmap import viz
from heedmap.errors import OvertakenError
from heedmap.views import calls, costs, photos, turns
from heedmap.views.cache import MEGABYTE
from heedmap.views.calls import Call
from heedmap.views.request import Request, TextRequest
from heedmap.views.underway import Job, Underway

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.viz import Activations, Attention, AttentionMatrix, Features, Guess, TextAttention

GRACE = 1.0  # seconds that a pass goes on without anybody waiting for it


def _queries_nbytes(result: tuple[viz.LayerQueries, ...] | None) -> int:
    return 1 + sum(layer.nbytes for layer in result or ())


def _features_nbytes(result: tuple[Features, Prepared]) -> int:
    held, seen = result
    return held.patches.nbytes + held.others.nbytes + held.norms.nbytes + seen.view.nbytes


def _nbytes(result: tuple[Any, Prepared]) -> int:
    recorded, seen = result
    return sum(int(layer.nbytes) for maps in recorded.maps.values() for layer in maps) + (
        seen.view.nbytes
    )


_attention: Underway[tuple[Attention, Prepared]] = Underway(256 * MEGABYTE, _nbytes)
_activations: Underway[tuple[Activations, Prepared]] = Underway(512 * MEGABYTE, _nbytes)
_queries: Underway[tuple[viz.LayerQueries, ...] | None] = Underway(256 * MEGABYTE, _queries_nbytes)
_rows: Underway[np.ndarray] = Underway(64 * MEGABYTE, lambda rows: rows.nbytes)
_matrices: Underway[AttentionMatrix] = Underway(32 * MEGABYTE, lambda made: made.values.nbytes)
_norms: Underway[tuple[np.ndarray, ...]] = Underway(
    16 * MEGABYTE, lambda norms: sum(each.nbytes for each in norms)
)
_features: Underway[tuple[Features, Prepared]] = Underway(128 * MEGABYTE, _features_nbytes)
_texts: Underway[TextAttention] = Underway(256 * MEGABYTE, lambda found: found.nbytes)
_text_heads: Underway[np.ndarray] = Underway(128 * MEGABYTE, lambda values: values.nbytes)
_guesses: Underway[tuple[Guess, ...]] = Underway(MEGABYTE, lambda found: 2000 * (1 + len(found)))
_costs = costs.Costs()


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
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    kind, call = "tokens" if token_mean or stats else "cls", Call("attention", (token_mean, stats))
    return _attention.result(
        (request, token_mean, stats),
        lambda job: run(adapter, request, kind, call, job),
        turns.tell,
        turns.SAME,
    )


def queries(adapter: Adapter, request: Request) -> tuple[viz.LayerQueries, ...] | None:
    """The queries and keys of all layers; None for a model that does not show them.

    Raises:
        ImageError, SettingError: see `Adapter.prepare`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    return _queries.result(
        request,
        lambda job: run(adapter, request, "cls", Call("queries"), job)[0],
        turns.tell,
        turns.SAME,
    )


def row(adapter: Adapter, request: Request, layer: int, patch: tuple[int, int]) -> np.ndarray:
    """What one patch attends to in one layer, (heads, rows, cols) float32.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.record_rows`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    call = Call("row", (layer, patch))
    return _rows.result(
        (request, layer, patch),
        lambda job: run(adapter, request, "cls", call, job)[0],
        turns.tell,
        turns.SAME,
    )


def features(adapter: Adapter, request: Request, block: int) -> tuple[Features, Prepared]:
    """What the tokens hold after one block, and what the model saw.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.record_features`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    return _features.result(
        (request, block),
        lambda job: run(adapter, request, "cls", Call("features", (block,)), job),
        turns.tell,
        turns.SAME,
    )


def matrix(adapter: Adapter, request: Request, layer: int, head: int | None) -> AttentionMatrix:
    """How all tokens attend to all tokens in a layer, in one head or the mean of all.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.attention_matrix`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    call = Call("matrix", (layer, head))
    return _matrices.result(
        (request, layer, head),
        lambda job: run(adapter, request, "cls", call, job)[0],
        turns.tell,
        turns.SAME,
    )


def norms(adapter: Adapter, request: Request) -> tuple[np.ndarray, ...]:
    """The norms of the patches after each block, (rows, cols) float32; none of a model without.

    Raises:
        ImageError, SettingError: see `Adapter.prepare`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    if adapter.stream is None:
        return ()
    return _norms.result(
        request,
        lambda job: run(adapter, request, "cls", Call("norms"), job)[0],
        turns.tell,
        turns.SAME,
    )


def activations(
    adapter: Adapter, request: Request, layers: tuple[str, ...], after: str
) -> tuple[Activations, Prepared]:
    """The maps of `layers`, the prediction, and what the model saw (without its input tensor).

    Args:
        adapter: the model that `request` names.
        request: the photo, the size and the fit.
        layers: names of layers.
        after: "activation" or "convolution"; see `viz.record_activations`.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.record_activations`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    call = Call("activations", (layers, after))
    return _activations.result(
        (request, layers, after),
        lambda job: run(adapter, request, "convolutions", call, job),
        turns.tell,
        turns.SAME,
    )


def totals() -> dict[tuple[str, str], tuple[int, float]]:
    """Passes of this process so far and their seconds, by model and kind."""
    return _costs.totals()


def text(adapter: Adapter, request: TextRequest) -> TextAttention:
    """Attention of all layers and heads over the words of a text; in memory alone, for a while.

    Raises:
        SettingError, CaptureError: see `viz.record_text`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """
    return _texts.result(
        request,
        lambda job: read(adapter, request, Call("text"), job),
        turns.tell,
        turns.SAME,
    )


def text_head(adapter: Adapter, request: TextRequest, layer: int, head: int | None) -> np.ndarray:
    """One head of a text, or the mean of all, (N, N) float32.

    Raises:
        As `text`.
    """
    call = Call("text head", (layer, head))
    return _text_heads.result(
        (request, layer, head),
        lambda job: read(adapter, request, call, job),
        turns.tell,
        turns.SAME,
    )


def guesses(adapter: Adapter, request: TextRequest, place: int | None = None) -> tuple[Guess, ...]:
    """What a model fills into the masks of a text, or puts behind one of its tokens.

    Args:
        adapter: the model that `request` names.
        request: the text.
        place: the number of a token; see `viz.guess_words` for what is guessed without it.

    Raises:
        As `text`.
    """
    places = None if place is None else (place,)
    return _guesses.result(
        (request, place),
        lambda job: read(adapter, request, Call("guesses", (places,)), job),
        turns.tell,
        turns.SAME,
    )


def seconds(adapter: Adapter, seen: Prepared, kind: str, times: float = 1.0) -> float | None:
    """How long `run` will take, as far as that is known; see there."""
    return _costs.seconds(costs.cost(adapter, seen, kind, times))


def run(
    adapter: Adapter,
    request: Request,
    kind: str,
    call: Call,
    job: Job[Any],
    times: float = 1.0,
) -> tuple[Any, Prepared]:
    """The one place where a model is asked of a photo.

    Args:
        adapter: the model that `request` names.
        request: the photo, the size and the fit.
        kind: what is recorded, the same for what takes the same time.
        call: what it is asked.
        job: what waits for it.
        times: how many plain passes it is thought to take before one has been timed.
    """

    x = adapter.prepare(photos.pixels(request.photo), request.size, request.fit)
    return _in_turn(adapter, x, costs.cost(adapter, x, kind, times), call, job), x.bare()


def read(
    adapter: Adapter,
    request: TextRequest,
    call: Call,
    job: Job[Any],
    kind: str = "text",
    times: float = 1.0,
) -> Any:
    """The one place where a model is asked of a text; for the arguments see `run`."""
    model = viz.reader(adapter)
    x = model.encode(request.text, request.pair)
    if request.hidden is not None:
        x = model.masked(x, request.hidden)
    return _in_turn(adapter, x, costs.of_text(adapter, len(x), kind, times), call, job)


def _in_turn(adapter: Adapter, x: calls.Input, cost: costs.Cost, call: Call, job: Job[Any]) -> Any:
    """Run a model when its turn has come, and remember how long it took."""

    def wait(ahead: int) -> None:
        job.words = lambda: turns.place(ahead)
        if job.alone() > GRACE:
            raise OvertakenError("This request was given up, since nobody waits for it: ask again.")

    with turns.turn(wait) as turn, _costs.timed(cost) as job.words:
        return calls.answer(adapter, x, call, lambda: job.alone() > _grace(turn))


def _grace(turn: turns.Turn | None) -> float:
    """For how long a pass goes on when nobody waits for it, seconds."""
    return 0.0 if turn and turn.overtaken else GRACE
