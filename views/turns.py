"""Turns at the machine: at most so many forward passes at once, in a fair order over visitors.

    with turns.visiting(visitor, tell=line.caption):
        source = attention.source(adapter, request)    # takes a turn where it runs the model

Each visitor runs one pass at a time. Of those who wait, the one who has used the least time
goes next, so one visitor with a large model does not hold back many with small ones. This
is fair queuing by start tags (P. Goyal, H. M. Vin and H. Cheng, "Start-time Fair Queueing",
SIGCOMM 1996) on the clock of A. Demers, S. Keshav and S. Shenker, "Analysis and Simulation of a
Fair Queueing Algorithm", SIGCOMM 1989: it counts the seconds that each visitor could have had so
far. What a pass took is charged when it is done.

    HEEDMAP_PASSES   how many forward passes run at once. Default: half the cores, at least 2; with
                     an engine 8, which share its replicas.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache

from heedmap.errors import OvertakenError, SettingError
from heedmap.languages import Phrase
from heedmap.views import engine

AT_ENGINE = 8  # passes that a front end has at the engine at once
EVERY = 0.5  # seconds between two calls of `on_wait`, at most

OnWait = Callable[[int], object]
Tell = Callable[[str], object]


@dataclass(eq=False)
class Turn:
    """One request: `start` and `order` say who goes first, `began` when its pass began.

    It is `overtaken` once its visitor has asked for something newer, also while its pass runs.
    """

    visitor: str
    start: float
    order: int
    began: float | None = None
    overtaken: bool = False
    thread: int = field(default_factory=threading.get_ident)

    @property
    def rank(self) -> tuple[float, int]:
        return self.start, self.order


class Turns:
    """A queue for forward passes, `at_once` of which run at the same time. Thread-safe."""

    def __init__(
        self, at_once: int, *, every: float = EVERY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.at_once, self._every, self._clock = at_once, every, clock
        self._changed = threading.Condition()
        self._waiting: list[Turn] = []
        self._running: list[Turn] = []
        self._had: dict[str, float] = {}  # visitor -> the earliest start of the next turn
        self._share = 0.0  # seconds that each visitor could have had so far
        self._counted = clock()  # when `_share` was brought up to date
        self._asked = 0

    def count(self) -> tuple[int, int]:
        """How many requests wait, and how many run."""
        with self._changed:
            return len(self._waiting), len(self._running)

    @contextmanager
    def take(self, visitor: str, on_wait: OnWait = lambda ahead: None) -> Iterator[Turn]:
        """Hold a turn of `visitor` within the block, waiting for it first.

        While it waits, `on_wait(ahead)` is called with the number of requests that go before this
        one: at once, whenever that changes, and at least every `EVERY` seconds. What it raises
        ends the wait and gives up the place; that is how a visitor leaves.

        Raises:
            OvertakenError: the same visitor has asked for something newer while this one waited.
            RuntimeError: this thread holds a turn already, and would wait for itself.
        """
        turn = self._join(visitor)
        try:
            self._wait(turn, on_wait)
            yield turn
        finally:
            self._leave(turn)

    def _join(self, visitor: str) -> Turn:
        with self._changed:
            if any(turn.thread == threading.get_ident() for turn in self._running):
                raise RuntimeError("this thread holds a turn already")
            self._count()
            for older in (*self._waiting, *self._running):
                older.overtaken |= older.visitor == visitor
            self._waiting = [turn for turn in self._waiting if not turn.overtaken]
            self._asked += 1
            turn = Turn(visitor, max(self._share, self._had.get(visitor, 0.0)), self._asked)
            self._waiting.append(turn)
            self._admit()
            return turn

    def _wait(self, turn: Turn, on_wait: OnWait) -> None:
        """Return when the turn has come."""
        while (ahead := self._ahead(turn)) is not None:
            on_wait(ahead)
            self._until_changed(turn, ahead)

    def _until_changed(self, turn: Turn, seen: int) -> None:
        """Return when the place is not the one that was seen, or after a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._place(turn) != seen, self._every)

    def _ahead(self, turn: Turn) -> int | None:
        """How many go before this turn, None when it has come."""
        with self._changed:
            place = self._place(turn)
        if turn.overtaken:
            raise OvertakenError("This request was replaced by a newer one: see its result.")
        return place

    def _place(self, turn: Turn) -> int | None:
        if turn.began is not None or turn.overtaken:
            return None
        return sum(other.rank < turn.rank for other in self._waiting)

    def _leave(self, turn: Turn) -> None:
        with self._changed:
            self._count()
            if turn in self._waiting:
                self._waiting.remove(turn)
            if turn.began is not None:
                self._running.remove(turn)
                self._charge(turn, self._clock() - turn.began)
            self._admit()

    def _charge(self, turn: Turn, seconds: float) -> None:
        """Let the visitor's next turn start later by what this one took."""
        had = turn.start + seconds
        self._had[turn.visitor] = had
        for other in self._waiting:
            if other.visitor == turn.visitor:
                other.start = max(other.start, had)

    def _count(self) -> None:
        """Count the time since the last change; forget who has had no more than a fair share."""
        seconds, self._counted = self._clock() - self._counted, self._clock()
        active = len({turn.visitor for turn in (*self._waiting, *self._running)})
        self._share += seconds * min(1.0, self.at_once / max(1, active))
        self._had = {who: had for who, had in self._had.items() if had > self._share}

    def _admit(self) -> None:
        """Start the turns for which there is room, and wake all who wait."""
        for turn in sorted(self._waiting, key=lambda turn: turn.rank):
            busy = {running.visitor for running in self._running}
            if len(self._running) < self.at_once and turn.visitor not in busy:
                self._waiting.remove(turn)
                self._running.append(turn)
                turn.began = self._clock()
        self._changed.notify_all()


SAME = Phrase("This photo is running through this model already: you will get the same result.")

_visitor: ContextVar[tuple[str, Tell] | None] = ContextVar("visitor", default=None)


@contextmanager
def visiting(visitor: str, tell: Tell) -> Iterator[None]:
    """Say who asks for the passes within the block, and how they are told what is going on.

    `tell` gets a sentence, or "", every now and then while they wait. What it raises ends the
    wait; that is how a visitor leaves, and a pass that nobody waits for is given up.
    """
    before = _visitor.set((visitor, tell))
    try:
        yield
    finally:
        _visitor.reset(before)


def tell(words: str) -> None:
    """Tell whoever is `visiting` what is going on."""
    who = _visitor.get()
    if who:
        who[1](words)


@contextmanager
def turn(on_wait: OnWait = lambda ahead: None) -> Iterator[Turn | None]:
    """Hold a turn of whoever is `visiting`; where nobody is, as in a command, run at once."""
    who = _visitor.get()
    if who is None:
        yield None
        return
    with shared().take(who[0], on_wait) as mine:
        yield mine


def place(ahead: int) -> str:
    """The sentence for a visitor who waits."""
    if ahead == 0:
        return Phrase("The machine is busy: you are next.")
    if ahead == 1:
        return Phrase("The machine is busy: 1 visitor ahead of you.")
    return Phrase("The machine is busy: {ahead} visitors ahead of you.", ahead=ahead)


def passes_at_once() -> int:
    """How many forward passes may run at once.

    Raises:
        SettingError: HEEDMAP_PASSES is not a whole number above 0, or as `engine.address`.
    """
    value = os.environ.get("HEEDMAP_PASSES", "").strip()
    if not value:
        return AT_ENGINE if engine.address() else max(2, cores() // 2)
    if not (value.isascii() and value.isdigit()) or not 0 < len(value) < 5 or int(value) == 0:
        raise SettingError(
            "HEEDMAP_PASSES={value!r} is not a number of passes: set it to a whole number from "
            "1 to 9999.",
            value=value[:20],
        )
    return int(value)


@cache
def shared() -> Turns:
    """The turns of this process."""
    return Turns(passes_at_once())


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
