"""A loading under way, and how far it is."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from heedmap.languages import Phrase

T = TypeVar("T")

WINDOW = 5.0  # s: the rate of a download is that of its last seconds


@dataclass(frozen=True)
class Progress:
    """How far a loading has come.

    Attributes:
        bytes_done: bytes that are here.
        bytes_total: bytes of the whole download; 0 where nothing is downloaded.
        seconds_left: estimate from the rate of the last seconds, None if unknown.
        phase: what is being done, for people: "Waiting", "Asking the hub", "Downloading",
            "Building the model", "Ready" or "Failed".
    """

    bytes_done: int = 0
    bytes_total: int = 0
    seconds_left: float | None = None
    phase: str = Phrase("Waiting")

    @property
    def share(self) -> float:
        """The part of the download that is done, 0 to 1."""
        return min(1.0, self.bytes_done / self.bytes_total) if self.bytes_total else 0.0


class Loading(Generic[T]):
    """A loading, shared by all who asked for the model; `models.begin` returns it.

    It keeps the model alive once loaded: drop the reference after `result`.
    """

    def __init__(self, id: str) -> None:
        self.id = id
        self._progress = Progress()
        self._future: Future[T] = Future()
        self._seen: deque[tuple[float, int]] = deque()  # bytes that were there, by time

    @classmethod
    def finished(cls, id: str, adapter: T) -> Loading[T]:
        """A loading that is already finished."""
        loading = cls(id)
        loading.finish(adapter)
        return loading

    @classmethod
    def failed(cls, id: str, error: BaseException) -> Loading[T]:
        """A loading that failed before it began."""
        loading = cls(id)
        loading.fail(error)
        return loading

    @property
    def progress(self) -> Progress:
        """The latest `Progress`."""
        return self._progress

    @property
    def done(self) -> bool:
        """Whether `result` returns, or raises, at once."""
        return self._future.done()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the model.

        Raises:
            HeedmapError: why it could not be loaded.
            TimeoutError: not ready after `timeout` seconds.
        """
        return self._future.result(timeout)

    def report(self, phase: str, done: int = 0, total: int = 0) -> None:
        """Note how far it is; called by the thread that loads."""
        if not total:  # a phase without bytes comes before or after the download as a whole
            done, total = self._progress.bytes_total, self._progress.bytes_total
        now = time.monotonic()
        if phase != self._progress.phase:
            self._seen.clear()
        if not self._seen or now - self._seen[-1][0] > WINDOW / 50:
            self._seen.append((now, done))
        while now - self._seen[0][0] > WINDOW and len(self._seen) > 1:
            self._seen.popleft()
        start, at_start = self._seen[0]
        left = None
        if done > at_start and now > start:
            left = (total - done) * (now - start) / (done - at_start)
        self._progress = Progress(done, total, left, phase)

    def finish(self, adapter: T) -> None:
        """Hand the model to everybody who waits; called by the thread that loads."""
        self._end(Phrase("Ready"))
        self._future.set_result(adapter)

    def fail(self, error: BaseException) -> None:
        """Raise `error` for everybody who waits; called by the thread that loads."""
        self._end(Phrase("Failed"))
        self._future.set_exception(error)

    def _end(self, phase: str) -> None:
        self._progress = replace(self._progress, seconds_left=None, phase=phase)
