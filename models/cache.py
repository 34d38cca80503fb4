"""One cache of loaded models for all visitors, bounded in bytes; each model is loaded once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .adapters import Adapter


@dataclass(frozen=True)
class Progress:
    """How far a loading has come.

    Attributes:
        bytes_done: bytes fetched so far.
        bytes_total: bytes to fetch in all; 0 where nothing is to be fetched or nobody knows.
        seconds_left: estimate, None where there is none.
        phase: what is being done, for people.
    """

    bytes_done: int = 0
    bytes_total: int = 0
    seconds_left: float | None = None
    phase: str = "Waiting"


class Loading:
    """A loading under way, shared by all who asked for the model.

    Attributes:
        id: the model's id.
        progress: the latest `Progress`.
    """

    def __init__(self, id: str) -> None:
        self.id = id
        self.progress = Progress()
        self._finished = threading.Event()
        self._adapter: Adapter | None = None
        self._error: BaseException | None = None
        self._since: tuple[float, int] | None = None

    @property
    def done(self) -> bool:
        """Whether `result` returns, or raises, at once."""
        return self._finished.is_set()

    def result(self, timeout: float | None = None) -> Adapter:
        """Wait for the model.

        Raises:
            HeedmapError: why it could not be loaded.
            TimeoutError: not ready after `timeout` seconds.
        """
        if not self._finished.wait(timeout):
            raise TimeoutError(f"{self.id} is not loaded after {timeout} s.")
        if self._error is not None:
            raise self._error
        assert self._adapter is not None
        return self._adapter

    def report(self, phase: str, done: int = 0, total: int = 0) -> None:
        """Note how far it is; the rate is that since the phase began."""
        now = time.monotonic()
        if phase != self.progress.phase or self._since is None:
            self._since = (now, done)
        start, at_start = self._since
        left = None
        if done > at_start and now > start:
            left = (total - done) * (now - start) / (done - at_start)
        self.progress = Progress(done, total, left, phase)

    def finish(self, adapter: Adapter | None, error: BaseException | None) -> None:
        """Wake everybody who waits."""
        self._adapter, self._error = adapter, error
        self.progress = replace(self.progress, phase="Ready" if adapter else "Failed")
        self._finished.set()


class Cache:
    """Loaded models by id, least recently used first."""

    def __init__(self, build: Callable[[str, Loading], Adapter]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, Adapter] = OrderedDict()
        self._loading: dict[str, Loading] = {}

    def begin(self, id: str) -> Loading:
        """The loading of a model: finished, under way, or started now."""
        with self._lock:
            if id in self._loaded:
                self._loaded.move_to_end(id)
                ready = Loading(id)
                ready.finish(self._loaded[id], None)
                return ready
            if id not in self._loading:
                self._loading[id] = Loading(id)
                name = f"load {id}"
                threading.Thread(target=self._run, args=(id,), name=name, daemon=True).start()
            return self._loading[id]

    def loaded(self, id: str) -> bool:
        """Whether a model is there without waiting."""
        with self._lock:
            return id in self._loaded

    def _run(self, id: str) -> None:
        loading = self._loading[id]
        adapter, error = None, None
        try:
            adapter = self._build(id, loading)
        except BaseException as problem:
            error = problem
        with self._lock:
            del self._loading[id]
            if adapter is not None:
                self._loaded[id] = adapter
        loading.finish(adapter, error)
