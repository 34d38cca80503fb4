"""What the store needs of a place that holds bytes by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """An object in a place: its name, its bytes, and when it was last used (Unix time)."""

    name: str
    nbytes: int
    used: float


class Place(Protocol):
    """A folder or a bucket. A name is written whole or not at all."""

    every: float  # seconds between two notes of one object's use

    def entry(self, name: str) -> Entry | None:
        """What there is under a name; reads no bytes of it."""

    def entries(self) -> list[Entry]:
        """All that there is; also removes what a write left behind that was cut off."""

    def read(self, name: str) -> bytes | None:
        """The bytes under a name, None if there are none."""

    def write(self, name: str, content: bytes) -> None:
        """Put bytes under a name, replacing others."""

    def touch(self, name: str, content: bytes) -> None:
        """Note that an object, whose bytes are these, was used now."""

    def remove(self, name: str) -> None:
        """Remove a name; nothing happens if there is none."""
