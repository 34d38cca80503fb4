"""What is asked why: passes of the methods, each run once and cached; see `passes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from heedmap import viz
from heedmap.views import passes, turns
from heedmap.views.cache import MEGABYTE
from heedmap.views.calls import Call
from heedmap.views.request import Request
from heedmap.views.underway import Underway

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

Target: TypeAlias = "int | str | tuple[int, int] | tuple[str, str] | None"  # see `viz.explain`
Layer: TypeAlias = "int | str | tuple[int, int] | None"  # see `viz.explain`

# How many plain passes a method takes, before one has been timed.
_PASSES = {"raw": 1, "rollout": 1.5, "ig": 70, "scorecam": 300}
_GRADIENTS, _DRAWING = 3, 5


@dataclass(frozen=True)
class Asked:
    """What one method is asked of one photo.

    Attributes:
        request: the photo in a model.
        method: a key of `viz.METHODS`.
        target: see `viz.explain`; None for a method that takes none.
        layer: see `viz.explain`.
        random: whether the weights are random, see `models.randomised`.
    """

    request: Request
    method: str
    target: Target = None
    layer: Layer = None
    random: bool = False


@dataclass(frozen=True)
class Tested:
    """A map, and what it is tested for: methods without a target are tested for one as well."""

    asked: Asked
    target: Target

    @property
    def request(self) -> Request:
        """The photo in a model."""
        return self.asked.request


_outputs: Underway[tuple[np.ndarray | None, Prepared]] = Underway(
    64 * MEGABYTE, lambda found: found[1].view.nbytes
)
_maps: Underway[viz.Explanation] = Underway(64 * MEGABYTE, lambda found: found.heat.nbytes)

_words: Underway[tuple[viz.WordMaps, Prepared]] = Underway(
    32 * MEGABYTE, lambda found: 2 * found[0].similarity.nbytes + found[1].view.nbytes
)
_prompts: Underway[viz.Prompt] = Underway(MEGABYTE, lambda found: 1024)
_trust: Underway[viz.Faithfulness] = Underway(16 * MEGABYTE, lambda found: 4096)


def output(adapter: Adapter, request: Request) -> tuple[np.ndarray | None, Prepared]:
    """What a model returns for a photo, (classes,) or (dim,) float32, and what it saw.

    None for a model that returns no vector.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `Adapter.run`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    return _outputs.result(
        request,
        lambda job: passes.run(adapter, request, "output", Call("output"), job),
        turns.tell,
        turns.SAME,
    )


def explanation(adapter: Adapter, asked: Asked) -> viz.Explanation:
    """The map of one method.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.explain`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    kind, times = _cost(asked)
    call = Call("explanation", (asked.method, asked.target, asked.layer, asked.random))
    return _maps.result(
        asked,
        lambda job: passes.run(adapter, asked.request, kind, call, job, times)[0],
        turns.tell,
        turns.SAME,
    )


def word_maps(
    adapter: Adapter, request: Request, texts: tuple[str, ...]
) -> tuple[viz.WordMaps, Prepared]:
    """How alike the places of a photo and texts are, and what the model saw.

    Raises:
        ImageError, SettingError, ModelError, CaptureError: see `Adapter.prepare`, `viz.word_maps`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    call = Call("word maps", (texts,))
    return _words.result(
        (request, texts),
        lambda job: passes.run(adapter, request, "words", call, job, 2),
        turns.tell,
        turns.SAME,
    )


def prompt(adapter: Adapter, request: Request, text: str) -> viz.Prompt:
    """How much each word of a text counted for its likeness to a photo.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare`, `viz.prompt_relevance`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    return _prompts.result(
        (request, text),
        lambda job: passes.run(adapter, request, "prompt", Call("prompt", (text,)), job, 2)[0],
        turns.tell,
        turns.SAME,
    )


def prompted(request: Request, text: str) -> viz.Prompt | None:
    """The same, if it is known."""
    return _prompts.kept((request, text))


def trust(
    adapter: Adapter, tested: Tested, heat: np.ndarray, beside: viz.Faithfulness | None
) -> viz.Faithfulness:
    """How far a map can be trusted; see `viz.faithfulness`.

    Raises:
        ImageError, SettingError, CaptureError: see `Adapter.prepare` and `viz.faithfulness`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    kind, times = _tests(beside is not None)
    call = Call("trust", (heat, tested.target, beside))
    return _trust.result(
        tested,
        lambda job: passes.run(adapter, tested.asked.request, kind, call, job, times)[0],
        turns.tell,
        turns.SAME,
    )


def trusted(tested: Tested) -> viz.Faithfulness | None:
    """How far a map can be trusted, if that has been measured."""
    return _trust.kept(tested)


def trust_seconds(adapter: Adapter, seen: Prepared, beside: bool) -> float | None:
    """How long `trust` will take, as far as that is known."""
    return passes.seconds(adapter, seen, *_tests(beside))


def known(asked: Asked) -> viz.Explanation | None:
    """The map of one method, if it has been made."""
    return _maps.kept(asked)


def seconds(adapter: Adapter, seen: Prepared, asked: Asked) -> float | None:
    """How long a map will take, as far as that is known."""
    return passes.seconds(adapter, seen, *_cost(asked))


def _cost(asked: Asked) -> tuple[str, float]:
    """What takes the same time as this, and how many plain passes that may be."""
    two = isinstance(asked.target, tuple)
    times = _PASSES.get(asked.method, _GRADIENTS) * (1 + two) + _DRAWING * asked.random
    return f"{asked.method}{' of two' * two}{' random' * asked.random}", times


def _tests(beside: bool) -> tuple[str, float]:
    """What takes the same time as `trust`, and how many plain passes that may be."""
    return f"trust{' beside' * beside}", viz.faithfulness_passes(beside=beside)
