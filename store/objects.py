"""Objects by the hash of their bytes, bounded in size and in time, with memory in front."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cachetools import LRUCache
from heedmap.errors import StoreError
from heedmap.store.place import Entry, Place

_LOG = logging.getLogger("heedmap")
_MEMORY = 128 << 20  # bytes of objects that were opened last


class Store:
    """The objects of a place. Thread-safe; several servers may have stores of one place.

    Whether an object is there is asked of the place each time, so that what one server drops, none
    shows from its memory. Every method raises `StoreError` where the place cannot be reached.
    """

    def __init__(
        self, place: Place, nbytes: int, seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        """A store.

        Args:
            place: where the bytes are.
            nbytes: what all objects may take; the least recently used go first.
            seconds: how long an object is kept after its last use.
            clock: Unix time.
        """
        self._place, self._nbytes, self._seconds, self._clock = place, nbytes, seconds, clock
        self._memory: LRUCache[str, bytes] = LRUCache(_MEMORY, getsizeof=len)
        self._lock = threading.Lock()  # of the memory; never held while the place is asked

    def put(self, content: bytes) -> str:
        """Keep bytes, which have reached the place on return, and return their address.

        Raises:
            StoreError: more bytes than the store may take, or it cannot be written.
        """
        if len(content) > self._nbytes:
            raise StoreError(
                "A photo of {content:.1f} MB does not fit the store of {nbytes:.1f} MB: choose "
                "a smaller one, or raise HEEDMAP_STORE_GB.",
                content=len(content) / 1e6,
                nbytes=self._nbytes / 1e6,
            )
        address = hashlib.sha256(content).hexdigest()
        with _told("written"):
            self._place.write(address, content)
            self._bound(address)
        self._remember(address, content)
        return address

    def get(self, address: str) -> bytes | None:
        """The bytes at an address; None where there are none, or others than the address says."""
        entry = self._entry(address)
        if entry is None:
            return None
        with self._lock:
            content = self._memory.get(address)
        with _told("read"):
            content = self._read(address) if content is None else content
            if content is not None and self._clock() - entry.used > self._place.every:
                self._place.touch(address, content)
        return content

    def exists(self, address: str) -> bool:
        """Whether there is something at an address; fetches no bytes."""
        return self._entry(address) is not None

    def drop(self, address: str) -> None:
        """Forget what is at an address, here and for all other servers of this place."""
        if not is_address(address):
            return
        with self._lock:
            self._memory.pop(address, None)
        with _told("written"):
            self._place.remove(address)

    def _entry(self, address: str) -> Entry | None:
        if not is_address(address):
            return None
        with _told("read"):
            found = self._place.entry(address)
        return found if found and not self._expired(found) else None

    def _read(self, address: str) -> bytes | None:
        """The bytes of the place, if they are those that the address names."""
        content = self._place.read(address)
        if content is None:
            return None
        if hashlib.sha256(content).hexdigest() != address:
            _LOG.warning("The store held other bytes at %s than were put there.", address)
            self._place.remove(address)
            return None
        self._remember(address, content)
        return content

    def _remember(self, address: str, content: bytes) -> None:
        with self._lock:
            if len(content) <= self._memory.maxsize:
                self._memory[address] = content

    def _bound(self, newest: str) -> None:
        """Remove what is too old, then what was used least recently until the rest fits."""
        found = [each for each in self._place.entries() if is_address(each.name)]
        room = self._nbytes
        for each in sorted(found, key=lambda each: (each.name != newest, -each.used)):
            room -= each.nbytes
            if self._expired(each) or room < 0:
                self._place.remove(each.name)

    def _expired(self, entry: Entry) -> bool:
        return self._clock() - entry.used > self._seconds


def is_address(text: str) -> bool:
    """Whether a text has the form of an address: 64 hexadecimal digits."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


@contextmanager
def _told(done: str) -> Iterator[None]:
    """Turn whatever a place raises, also its client's own errors, into one sentence."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        _LOG.warning("The store of shared photos failed.", exc_info=error)
        raise StoreError(
            "The server’s store of shared photos cannot be {done} now: try again later.", done=done
        ) from error
