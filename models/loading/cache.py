"""One cache of loaded models for all visitors: each is loaded once, and all fit in a budget."""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from heedmap.errors import CheckpointError
from heedmap.models.catalogue.policy import size
from heedmap.models.loading.progress import Loading

if TYPE_CHECKING:
    from heedmap.models.adapter.adapter import Adapter


class Cache:
    """Loaded models by id, least recently used first.

    Args:
        build: makes a model; it calls `Cache.reserve` before it takes memory.
        budget: bytes that all models may take together; asked once, before the first is loaded.
        freed: called after models were let go.
    """

    def __init__(
        self,
        build: Callable[[str, Loading], Adapter],
        budget: Callable[[], int],
        freed: Callable[[], None] = lambda: None,
    ) -> None:
        self._build = build
        self._ask_budget = budget
        self._freed = freed
        self._budget: int | None = None
        self._changed = threading.Condition()
        self._loaded: OrderedDict[str, Adapter] = OrderedDict()
        self._loading: dict[str, Loading] = {}
        self._reserved: dict[str, int] = {}

    def begin(self, id: str) -> Loading:
        """The loading of a model: finished, under way, or started now."""
        with self._changed:
            adapter = self._loaded.get(id)
            if adapter is not None:
                self._loaded.move_to_end(id)
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
            return self._taken()

    def clear(self) -> None:
        """Let all models go, and ask for the budget anew."""
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
                    f"{title} takes {size(nbytes)} of memory and the cache holds "
                    f"{size(budget)}: choose a smaller model, or raise HEEDMAP_CACHE_GB."
                )
            self._changed.wait_for(lambda: sum(self._reserved.values()) + nbytes <= budget)
            self._reserved[id] = nbytes
            dropped = self._evict()
        if dropped:
            self._release()

    def _run(self, loading: Loading) -> None:
        adapter, error = None, None
        try:
            adapter = self._build(loading.id, loading)
        except BaseException as problem:  # whoever waits hears of it
            error = problem
        with self._changed:
            del self._loading[loading.id]
            self._reserved.pop(loading.id, None)
            if adapter is not None:
                self._loaded[loading.id] = adapter
            dropped = self._evict(keep=loading.id)
            self._changed.notify_all()
        loading.finish(adapter, error)
        del adapter, error, loading
        if dropped:
            self._release()

    def _taken(self) -> int:
        return sum(adapter.nbytes for adapter in self._loaded.values())

    def _evict(self, keep: str | None = None) -> bool:
        """Drop the least recently used until all that is there and to come fits."""
        room = (self._budget or 0) - sum(self._reserved.values())
        dropped = False
        while self._budget is not None and self._taken() > room:
            oldest = next((id for id in self._loaded if id != keep), None)
            if oldest is None:
                break
            del self._loaded[oldest]
            dropped = True
        return dropped

    def _release(self) -> None:
        """Modules may refer to themselves in circles, which only the collector undoes."""
        gc.collect()
        self._freed()
