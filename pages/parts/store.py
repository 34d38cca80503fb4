"""Photos that people dropped in: kept in this server's memory, so that a link finds them again."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import streamlit as st

MEGABYTE = 1 << 20

T = TypeVar("T")


class Shelf(Generic[T]):
    """A mapping bounded in bytes; what was not used for longest goes first. Safe from threads."""

    def __init__(self, limit: int, size: Callable[[T], int]) -> None:
        self._limit, self._size = limit, size
        self._things: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """Give what lies under `key`, or None."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
            return self._things.get(key)

    def put(self, key: Hashable, thing: T) -> None:
        """Keep `thing`, and let go of others where the shelf is full."""
        with self._lock:
            self._things[key] = thing
            self._things.move_to_end(key)
            while len(self._things) > 1 and self._weight() > self._limit:
                self._things.popitem(last=False)

    def have(self, key: Hashable, make: Callable[[], T]) -> T:
        """Give what lies under `key`; make and keep it where there is nothing."""
        thing = self.get(key)
        if thing is None:
            thing = make()
            self.put(key, thing)
        return thing

    def _weight(self) -> int:
        return sum(self._size(thing) for thing in self._things.values())


@st.cache_resource(show_spinner=False)
def _uploads() -> Shelf[bytes]:
    return Shelf(256 * MEGABYTE, len)


def keep(content: bytes) -> str:
    """Keep a photo's bytes and give its key, which nobody can guess without having the photo."""
    key = hashlib.sha256(content).hexdigest()[:32]
    _uploads().put(key, content)
    return key


def find(key: str) -> bytes | None:
    """Give the bytes of a photo, or None where this server does not hold it (any more)."""
    return _uploads().get(key)


def is_key(text: str) -> bool:
    """Tell whether `text` has the form of a key."""
    return re.fullmatch(r"[0-9a-f]{32}", text) is not None
