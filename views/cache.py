"""Caches shared by all visitors, so that nothing slow is done twice.

A caller who asks for a result that is being computed waits for it, and for no other: no lock is
held while a result is computed. Errors are not cached.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias, TypeVar, cast

from cachetools import Cache, LRUCache, TTLCache, cached
from cachetools.keys import hashkey

F = TypeVar("F", bound=Callable[..., Any])
Key: TypeAlias = Callable[..., Hashable]

MEGABYTE = 1 << 20
RESULTS = "results"  # what is computed, among what `nbytes` tells

Which: TypeAlias = Callable[[Hashable], bool]  # whether what is kept under a key is meant

_every: list[Callable[[Which], None]] = []
_sizes: list[tuple[str, Callable[[], int]]] = []


def kept(nbytes: int, size: Callable[[Any], int], key: Key) -> Callable[[F], F]:
    """Cache the results of a function, `nbytes` in all; the least recently used are dropped first.

    A result larger than `nbytes` is cached alone.

    Args:
        nbytes: bytes that all results may take together.
        size: the bytes that one result takes.
        key: what tells results apart, from the arguments of the function.
    """
    cache: LRUCache[Hashable, Any] = LRUCache(nbytes, lambda result: min(size(result), nbytes))
    measured(RESULTS, lambda: int(cache.currsize))
    return _keep(cache, key)


def kept_briefly(entries: int, seconds: float) -> Callable[[F], F]:
    """Cache the last results of a function for some seconds."""
    return _keep(TTLCache(entries, seconds), hashkey)


def clear() -> None:
    """Empty all caches."""
    forget(lambda _: True)


def forget(which: Which) -> None:
    """Drop what is kept under some keys, in all caches."""
    for each in _every:
        each(which)


def forgets_with_all(drop: Callable[[Which], None]) -> None:
    """Have `clear` and `forget` drop from another cache as well."""
    _every.append(drop)


def measured(name: str, size: Callable[[], int]) -> None:
    """Have `nbytes` count the bytes of another cache, under a name that several may share."""
    _sizes.append((name, size))


def nbytes() -> dict[str, int]:
    """The bytes that all caches take now, by name."""
    found: dict[str, int] = {}
    for name, size in _sizes:
        found[name] = found.get(name, 0) + size()
    return found


def drop_from(cache: Cache[Hashable, Any], which: Which) -> None:
    """Drop what is kept under some keys; for who holds the cache's lock."""
    for key in [key for key in cache if which(key)]:
        cache.pop(key, None)


def _keep(cache: Cache[Hashable, Any], key: Key) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        condition = threading.Condition()

        def drop(which: Which) -> None:
            with condition:
                drop_from(cache, which)

        forgets_with_all(drop)
        return cast(F, cached(cache, key, condition=condition)(function))

    return decorate
