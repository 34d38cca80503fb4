"""One cache of loaded models for all visitors: each is loaded once, and all fit in a budget."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

from cachetools import LRUCache
from heedmap.errors import CheckpointError
from heedmap.models.catalogue.policy import size
from heedmap.models.loading.progress import Loading


class Cache:
    """Loaded models by id; the least recently used go first.

    What is loaded, an `Adapter` or a `TextModule`, tells its `nbytes`.

    Args:
        build: makes a model; it calls `Cache.reserve` before it takes memory.
        budget: bytes that all models may take together; asked once, before the first is loaded.
        freed: called after models were dropped.
    """

    def __init__(
        self,
        build: Callable[[str, Loading[Any]], Any],
        budget: Callable[[], int],
        freed: Callable[[], None] = lambda: None,
    ) -> None:
        self._build = build
        self._ask_budget = budget
        self._freed = freed
        self._budget: int | None = None
        self._changed = threading.Condition()
        # Without a bound of its own: what is being built needs room, too, see `_evict`.
        self._loaded: LRUCache[str, Any] = LRUCache(float("inf"), lambda model: model.nbytes)
        self._loading: dict[str, Loading[Any]] = {}
        self._reserved: dict[str, int] = {}

    def begin(self, id: str) -> Loading[Any]:
        """The loading of a model: finished, under way, or started now."""
        with self._changed:
            adapter = self._loaded.get(id)
            if adapter is not None:
                return Loading.finished(id, adapter)
            if id not in self._loading:
                loading = self._loading[id] = Loading(id)
                threading.Thread(
                    target=self._run, args=(loading,), name=f"load {id}", daemon=True
                ).start()
            return self._loading[id]

    def loaded(self, id: str) -> bool:
        """Whether a model is there without waiting."""
        with self._changed:
            return id in self._loaded

    def nbytes(self) -> int:
        """Bytes that the models in the cache take."""
        with self._changed:
            return int(self._loaded.currsize)

    def clear(self) -> None:
        """Drop all models and read the budget again."""
        with self._changed:
            dropped = bool(self._loaded)
            self._loaded.clear()
            self._budget = None
        if dropped:
            self._release()

    def reserve(self, id: str, title: str, nbytes: int) -> None:
        """Make room for a model before it is built; wait while others that are built need it.

        Raises:
            CheckpointError: it would not fit into an empty cache.
        """
        with self._changed:
            budget = self._budget = self._budget or self._ask_budget()
            if nbytes > budget:
                raise CheckpointError(
                    "{title} takes {nbytes} of memory and the cache holds {budget}: choose a "
                    "smaller model, or raise HEEDMAP_CACHE_GB.",
                    title=title,
                    nbytes=size(nbytes),
                    budget=size(budget),
                )
            self._changed.wait_for(lambda: sum(self._reserved.values()) + nbytes <= budget)
            self._reserved[id] = nbytes
            dropped = self._evict()
        if dropped:
            self._release()

    def _run(self, loading: Loading[Any]) -> None:
        try:
            adapter = self._build(loading.id, loading)
        except BaseException as error:  # passed on to all who wait
            self._settle(loading, None)
            loading.fail(error)
        else:
            dropped = self._settle(loading, adapter)
            loading.finish(adapter)
            del adapter, loading
            if dropped:
                self._release()

    def _settle(self, loading: Loading[Any], adapter: Any) -> bool:
        """A loading has ended, with a model or without; returns whether others were dropped."""
        with self._changed:
            del self._loading[loading.id]
            self._reserved.pop(loading.id, None)
            if adapter is not None:
                self._loaded[loading.id] = adapter
            dropped = self._evict(keep=1)
            self._changed.notify_all()
        return dropped

    def _evict(self, keep: int = 0) -> bool:
        """Drop models until the others and those being built fit; never the `keep` latest."""
        room = (self._budget or 0) - sum(self._reserved.values())
        dropped = False
        while self._budget and self._loaded.currsize > room and len(self._loaded) > keep:
            self._loaded.popitem()
            dropped = True
        return dropped

    def _release(self) -> None:
        """Modules may refer to themselves in circles, which only the collector undoes."""
        gc.collect()
        self._freed()
