"""How long a forward pass will take: what passes took on this machine, scaled by their work.

Work is counted in floating-point operations: 2 P N for P weights that see N tokens each, and
4 N² d for each of L layers that attend over all of them, with P = 12 L d² (J. Kaplan et al.,
"Scaling Laws for Neural Language Models", 2020). The second tower of a CLIP, and weights of a
ConvNet that see many cells, make it an estimate; a model that has run before is told from its own
passes, which these do not touch.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachetools import LRUCache
from heedmap.languages import Phrase

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

LONG = 1.0  # seconds from which on a pass is announced
_PASSES, _KEYS = 20, 512  # how many passes are remembered of each model, and of how many models


@dataclass(frozen=True)
class Cost:
    """What a pass costs: `kind` is what is recorded, `work` in floating-point operations."""

    model: str
    kind: str
    work: float


def work(weights: int, layers: int, tokens: int) -> float:
    """Floating-point operations of a pass; `layers` are those that attend over all tokens."""
    width = math.sqrt(weights / (12 * layers)) if layers else 0.0
    return 2.0 * weights * tokens + 4.0 * layers * tokens**2 * width


def cost(adapter: Adapter, x: Prepared, kind: str, times: float = 1.0) -> Cost:
    """What it costs to record `kind` of a photo, which takes as long as `times` plain passes."""
    weights = sum(each.numel() for each in adapter.module.parameters())
    layers = 0 if "windows" in adapter.kinds else adapter.depth
    return Cost(adapter.id, kind, times * work(weights, layers, x.prefix + math.prod(x.grid)))


def of_text(adapter: Adapter, tokens: int, kind: str = "text", times: float = 1.0) -> Cost:
    """What it costs to record `kind` of a text of so many tokens, as `cost` does of a photo."""
    weights = sum(each.numel() for each in adapter.module.parameters())
    return Cost(adapter.id, kind, times * work(weights, adapter.depth, tokens))


class Costs:
    """The passes of this machine so far. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._past: LRUCache[tuple[str, str], deque[tuple[float, float]]] = LRUCache(_KEYS)
        self._totals: dict[tuple[str, str], tuple[int, float]] = {}

    def seconds(self, cost: Cost) -> float | None:
        """The estimate for a pass, None where nothing has run yet.

        From passes of this model that recorded the same, else of this model, else of any that
        recorded the same, else of all.
        """
        with self._lock:
            for key in _keys(cost):
                if past := self._past.get(key):
                    return cost.work * sum(s for s, _ in past) / sum(work for _, work in past)
        return None

    @contextmanager
    def timed(self, cost: Cost) -> Iterator[Callable[[], str]]:
        """Remember how long the block takes, unless it fails.

        Yields what tells the time that is left, in words: "" for a pass that takes no time worth
        telling.
        """
        began, estimate = self._clock(), self.seconds(cost)
        yield lambda: left(estimate, self._clock() - began)
        took = self._clock() - began
        with self._lock:
            for key in _keys(cost):
                self._past.setdefault(key, deque(maxlen=_PASSES)).append((took, cost.work))
            self._add(cost, took)

    def totals(self) -> dict[tuple[str, str], tuple[int, float]]:
        """Passes so far and their seconds, by model and kind; of models beyond some, as "other"."""
        with self._lock:
            return dict(self._totals)

    def _add(self, cost: Cost, took: float) -> None:
        key = (cost.model, cost.kind)
        if key not in self._totals and len(self._totals) >= _KEYS:
            key = ("other", cost.kind)
        count, seconds = self._totals.get(key, (0, 0.0))
        self._totals[key] = (count + 1, seconds + took)


def left(estimate: float | None, passed: float) -> str:
    """What is left of a pass after `passed` seconds, in words."""
    if estimate is None or estimate < LONG:
        return ""
    if estimate - passed < LONG:
        return (
            Phrase("This pass is nearly done.")
            if passed < 1.5 * estimate
            else Phrase("This pass takes longer than it was thought to.")
        )
    return Phrase("About {time} left for this pass.", time=span(estimate - passed))


def span(seconds: float) -> str:
    """A time span in words."""
    if seconds < 90:
        return Phrase("{seconds:.0f} s", seconds=seconds)
    return Phrase("{minutes:.0f} min", minutes=seconds / 60)


def _keys(cost: Cost) -> tuple[tuple[str, str], ...]:
    """What a pass tells of, the nearest first."""
    return (cost.model, cost.kind), (cost.model, ""), ("", cost.kind), ("", "")
