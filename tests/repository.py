"""A repository of the hub on loopback: its files, and how it behaves."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any


@dataclass
class Repo:
    """A repository and how it behaves.

    Attributes:
        files: content by revision and name.
        gated: whether only a request with `token` gets its files.
        rate: bytes a second, None for as fast as it goes; it may be changed while they are sent.
        breaks: bytes of a large file after which the next connections break, in order.
        status: answer everything with this error.
        damaged: send other bytes than the checksum is of; over Xet, send none.
        requests: the open pull requests: number, title and author.
        xet: whether the large files are offered through Xet.
        gate: set it to let the large files through; set from the start.
    """

    files: dict[str, dict[str, bytes]]
    gated: bool = False
    token: str = "hf_right"
    rate: float | None = None
    breaks: list[int] = field(default_factory=list)
    status: int = 0
    damaged: bool = False
    xet: bool = False
    requests: list[dict[str, Any]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def by_sha(self, sha: str) -> bytes:
        """The content that has this SHA-256."""
        every = (content for files in self.files.values() for content in files.values())
        return next(content for content in every if sha256(content) == sha)

    def commit(self, revision: str) -> str:
        """A commit's hash: of the names and contents of its files."""
        names = (f"{name} {sha1(content)}\n" for name, content in self.files[revision].items())
        return sha1(revision.encode() + "".join(sorted(names)).encode())


@lru_cache
def sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


@lru_cache
def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
