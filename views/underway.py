"""Work under way: each piece is done once, for all who ask for it, and its result is kept.

The work runs in a thread of its own, so whoever waits for it can leave at any time. When the last
of them has left, the work learns that it may stop.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Hashable
from concurrent import futures
from typing import Generic, TypeVar

from cachetools import LRUCache
from heedmap.errors import OvertakenError
from heedmap.views import cache

T = TypeVar("T")
Tell = Callable[[str], object]

EVERY = 0.1  # seconds between two calls of `tell`


class Job(Generic[T]):
    """One piece of work, and those who wait for it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.future: futures.Future[T] = futures.Future()
        self.words: Callable[[], str] = str  # what is told to those who wait
        self._waiting, self._left, self._clock = 0, clock(), clock

    def alone(self) -> float:
        """For how many seconds nobody has waited for it; 0 while somebody does."""
        return 0.0 if self._waiting else self._clock() - self._left

    def join(self) -> None:
        """Somebody waits."""
        self._waiting += 1

    def leave(self) -> None:
        """One who waited has left."""
        self._waiting, self._left = self._waiting - 1, self._clock()

    def wait(self, tell: Tell, every: float, silence: str) -> T:
        """The result; `tell` is called meanwhile, and what it raises ends the wait."""
        while not futures.wait([self.future], every).done:
            tell(self.words() or silence)
        return self.future.result()


class Underway(Generic[T]):
    """Results of work by key, `nbytes` in all, and the work that goes on. Thread-safe."""

    def __init__(
        self,
        nbytes: int,
        size: Callable[[T], int],
        *,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept: LRUCache[Hashable, T] = LRUCache(nbytes, lambda kept: min(size(kept), nbytes))
        self._jobs: dict[Hashable, Job[T]] = {}
        self._lock = threading.Lock()  # held for a look-up, and to join or leave
        self._every, self._clock = every, clock
        cache.forgets_with_all(self.forget)
        cache.measured(cache.RESULTS, lambda: int(self._kept.currsize))

    def result(self, key: Hashable, work: Callable[[Job[T]], T], tell: Tell, joined: str = "") -> T:
        """What is kept under `key`, else what the work under way, or started now, returns.

        Args:
            key: what tells results apart.
            work: makes the result; it may look at its `Job` and raise an `OvertakenError` when
                nobody waits any more.
            tell: called every now and then with what the job says; what it raises is raised here.
            joined: what is told of work that was started for another, while it says nothing.

        Raises:
            OvertakenError: the work that was started here stopped. (Who had joined it starts it
                again.)
        """
        while True:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
                started = key not in self._jobs
                job = self._jobs[key] if not started else self._start(key, work)
                job.join()
            try:
                return job.wait(tell, self._every, "" if started else joined)
            except OvertakenError:
                if started:
                    raise
                tell("")  # who has left meanwhile starts nothing
            finally:
                with self._lock:
                    job.leave()

    def kept(self, key: Hashable) -> T | None:
        """What is kept under `key`, if anything is."""
        with self._lock:
            return self._kept.get(key)

    def forget(self, which: cache.Which) -> None:
        """Forget the results under some keys; work under way goes on."""
        with self._lock:
            cache.drop_from(self._kept, which)

    def _start(self, key: Hashable, work: Callable[[Job[T]], T]) -> Job[T]:
        job = self._jobs[key] = Job(self._clock)
        run = contextvars.copy_context().run  # in the name of whoever asks
        threading.Thread(
            target=run, args=(self._do, key, work, job), name="pass", daemon=True
        ).start()
        return job

    def _do(self, key: Hashable, work: Callable[[Job[T]], T], job: Job[T]) -> None:
        try:
            made = work(job)
        except BaseException as error:  # passed on to all who wait
            with self._lock:
                del self._jobs[key]
            job.future.set_exception(error)
        else:
            with self._lock:
                self._kept[key] = made
                del self._jobs[key]
            job.future.set_result(made)
