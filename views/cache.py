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

_every: list[Callable[[], None]] = []


def kept(nbytes: int, size: Callable[[Any], int], key: Key) -> Callable[[F], F]:
    """Cache the results of a function, `nbytes` in all; the least recently used are dropped first.

    A result larger than `nbytes` is cached alone.

    Args:
        nbytes: bytes that all results may take together.
        size: the bytes that one result takes.
        key: what tells results apart, from the arguments of the function.
    """
    return _keep(LRUCache(nbytes, lambda result: min(size(result), nbytes)), key)


def kept_briefly(entries: int, seconds: float) -> Callable[[F], F]:
    """Cache the last results of a function for some seconds."""
    return _keep(TTLCache(entries, seconds), hashkey)


def clear() -> None:
    """Empty all caches."""
    for each in _every:
        each()


def cleared_with_all(empty: Callable[[], None]) -> None:
    """Have `clear` empty another cache as well."""
    _every.append(empty)


def _keep(cache: Cache[Hashable, Any], key: Key) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        wrapped = cached(cache, key, condition=threading.Condition())(function)
        _every.append(wrapped.cache_clear)
        return cast(F, wrapped)

    return decorate
