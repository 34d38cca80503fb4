"""What a model is asked, by name: so it can run in this process or at the engine.

CALLS["attention"](adapter, x, True, False)                     # in this process
answer(adapter, x, Call("attention", (True, False)))            # wherever models run
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from heedmap import models, viz
from heedmap.errors import CaptureError
from heedmap.views import engine

if TYPE_CHECKING:
    from heedmap.models import Adapter, Encoded, Prepared

Input: TypeAlias = "Prepared | Encoded"
Unwanted: TypeAlias = Callable[[], bool]


@dataclass(frozen=True)
class Call:
    """What a model is asked of a photo or a text.

    Attributes:
        name: a key of `CALLS`.
        arguments: what its function takes after the model and the input.
    """

    name: str
    arguments: tuple[Any, ...] = ()


def answer(adapter: Adapter, x: Input, call: Call, unwanted: Unwanted = lambda: False) -> Any:
    """What a model answers, from wherever models run.

    Args:
        adapter: the model.
        x: what it prepared.
        call: what it is asked.
        unwanted: whether nobody wants the answer any more; it is called very often.

    Raises:
        EngineError: the engine cannot be reached, or is of another version.
        OvertakenError: the pass was given up.
        HeedmapError: as the functions of `viz`.
    """
    if where := engine.address():
        return engine.ask(where, adapter.id, x, call.name, call.arguments, unwanted)
    return here(adapter, x, call, unwanted)


def here(adapter: Adapter, x: Input, call: Call, unwanted: Unwanted) -> Any:
    """What a model of this process answers; see `answer`."""
    with viz.GivingUp(unwanted):
        return CALLS[call.name](adapter, x, *call.arguments)


def _attention(adapter: Adapter, x: Prepared, token_mean: bool, stats: bool) -> viz.Attention:
    return viz.record_attention(adapter, x, token_mean=token_mean, stats=stats)


def _queries(adapter: Adapter, x: Prepared) -> tuple[viz.LayerQueries, ...] | None:
    """None of a model that does not show them."""
    try:
        return viz.record_all_queries(adapter, x)
    except CaptureError:
        return None


def _row(adapter: Adapter, x: Prepared, layer: int, patch: tuple[int, int]) -> np.ndarray:
    return np.asarray(viz.record_rows(adapter, x, layer, [patch])[0])


def _features(adapter: Adapter, x: Prepared, block: int) -> viz.Features:
    return viz.record_features(adapter, x, [block])[block]


def _matrix(adapter: Adapter, x: Prepared, layer: int, head: int | None) -> viz.AttentionMatrix:
    return viz.attention_matrix(adapter, x, layer, head)


def _norms(adapter: Adapter, x: Prepared) -> tuple[np.ndarray, ...]:
    return tuple(each.norms for each in viz.record_features(adapter, x).values())


def _activations(
    adapter: Adapter, x: Prepared, layers: tuple[str, ...], after: str
) -> viz.Activations:
    return viz.record_activations(adapter, x, layers, after=after)


def _output(adapter: Adapter, x: Prepared) -> np.ndarray | None:
    """None of a model that returns no vector."""
    found = adapter.run(x.pixels, x.fit)
    vector = found is not None and found.ndim == 2
    return found[0].float().cpu().numpy() if found is not None and vector else None


def _explanation(
    adapter: Adapter, x: Prepared, method: str, target: Any, layer: int | str | None, random: bool
) -> viz.Explanation:
    one = models.randomised(adapter) if random else adapter
    return viz.explain(one, x, method, target, layer)


def _trust(
    adapter: Adapter,
    x: Prepared,
    heat: np.ndarray,
    target: Any,
    beside: viz.Faithfulness | None,
) -> viz.Faithfulness:
    return viz.faithfulness(adapter, x, heat, target, beside=beside)


def _word_maps(adapter: Adapter, x: Prepared, texts: tuple[str, ...]) -> viz.WordMaps:
    return viz.word_maps(adapter, x, texts)


def _prompt(adapter: Adapter, x: Prepared, text: str) -> viz.Prompt:
    return viz.prompt_relevance(adapter, x, text)


def _text(adapter: Adapter, x: Encoded) -> viz.TextAttention:
    return viz.record_encoded(adapter, x)


def _text_head(adapter: Adapter, x: Encoded, layer: int, head: int | None) -> np.ndarray:
    return viz.text_head(adapter, x, layer, head)


def _guesses(adapter: Adapter, x: Encoded, places: tuple[int, ...] | None) -> tuple[viz.Guess, ...]:
    return viz.guess_words(adapter, x, places=places)


def _text_reason(
    adapter: Adapter, x: Encoded, method: str, place: int | None, token: int | None
) -> viz.TextReason:
    return viz.explain_text(adapter, x, method, place, token)


CALLS: dict[str, Callable[..., Any]] = {
    "attention": _attention,
    "queries": _queries,
    "row": _row,
    "features": _features,
    "matrix": _matrix,
    "norms": _norms,
    "activations": _activations,
    "output": _output,
    "explanation": _explanation,
    "trust": _trust,
    "word maps": _word_maps,
    "prompt": _prompt,
    "text": _text,
    "text head": _text_head,
    "guesses": _guesses,
    "text reason": _text_reason,
}
