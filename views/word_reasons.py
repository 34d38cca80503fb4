"""What counted for a guess of a language model, token by token, by several methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heedmap import viz
from heedmap.views import passes, turns
from heedmap.views.cache import MEGABYTE
from heedmap.views.calls import Call
from heedmap.views.request import TextRequest
from heedmap.views.underway import Underway
from heedmap.views.words import Source

if TYPE_CHECKING:
    from heedmap.models import Adapter

FIRST = ("rollout", "relevance")
_PASSES = {"rollout": 2, "relevance": 4, "ig": 100}  # how many plain ones a method may take


@dataclass(frozen=True)
class Asked:
    """What a method is asked.

    Attributes:
        request: the text in a model, a word of it hidden perhaps.
        method: an id of `viz.TEXT_METHODS`.
        place: the number of a token, None for the one that `viz.explain_text` takes.
        token: of the vocabulary; None for what the model thinks most probable.
    """

    request: TextRequest
    method: str
    place: int | None = None
    token: int | None = None


_reasons: Underway[viz.TextReason] = Underway(16 * MEGABYTE, lambda found: found.shares.nbytes)


def asked(source: Source, method: str, at: int | None, token: int | None) -> Asked:
    """What a method is asked of a text in which a word is picked."""
    return Asked(source.asked(at), method, at, token)


def reason(adapter: Adapter, asked: Asked, part: None = None) -> viz.TextReason:
    """What one method says of the tokens of a text.

    Raises:
        SettingError, CaptureError: see `viz.explain_text`.
        OvertakenError: whoever is `turns.visiting` asked for something newer meanwhile.
    """

    call = Call("text reason", (asked.method, asked.place, asked.token))
    times = _PASSES[asked.method]
    return _reasons.result(
        asked,
        lambda job: passes.read(adapter, asked.request, call, job, asked.method, times),
        turns.tell,
        turns.SAME,
    )
