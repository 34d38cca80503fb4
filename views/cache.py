"""Caches shared by all visitors, so that nothing slow is done twice.

A caller who asks for a result that is being computed waits for it, and for no other: no lock is
held while a result is computed. Errors are not cached.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, TypeAlias, TypeVar, cast

from cachetools import Cache, LRUCache, TTLCache, cached
from cachetools.keys import hashkey

F = TypeVar("F", bound=Callable[..., Any])
Key: TypeAlias = Callable[..., Hashable]

MEGABYTE = 1 << 20

_every: list[Any] = []


def kept(
    nbytes: int,
    size: Callable[[Any], int],
    key: Key,
    joined: Callable[[], object] = lambda: None,
) -> Callable[[F], F]:
    """Cache the results of a function, `nbytes` in all; the least recently used are dropped first.

    A result larger than `nbytes` is cached alone.

    Args:
        nbytes: bytes that all results may take together.
        size: the bytes that one result takes.
        key: what tells results apart, from the arguments of the function.
        joined: called before a caller waits for a result that another is computing.
    """
    return _keep(LRUCache(nbytes, lambda result: min(size(result), nbytes)), key, joined)


def kept_briefly(entries: int, seconds: float) -> Callable[[F], F]:
    """Cache the last results of a function for some seconds."""
    return _keep(TTLCache(entries, seconds), hashkey, lambda: None)


def clear() -> None:
    """Empty all caches."""
    for each in _every:
        each.cache_clear()


def _keep(cache: Cache[Hashable, Any], key: Key, joined: Callable[[], object]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        computed: set[Hashable] = set()  # the keys of results that are being computed

        def compute(*args: Any, **kwargs: Any) -> Any:
            asked = key(*args, **kwargs)
            computed.add(asked)
            try:
                return function(*args, **kwargs)
            finally:
                computed.discard(asked)

        once = cached(cache, key, condition=threading.Condition())(compute)
        _every.append(once)

        @wraps(function)
        def ask(*args: Any, **kwargs: Any) -> Any:
            if key(*args, **kwargs) in computed:
                joined()
            return once(*args, **kwargs)

        return cast(F, ask)

    return decorate
