"""How many bytes of a download are here, as the hub's client tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self


class Counter:
    """Bytes of all files of a download; the client takes it for its progress bar's class.

    Over Xet bytes are received (packed, so somewhat more or fewer) and written much later: what
    is further counts.
    """

    def __init__(self, report: Callable[[int], None]) -> None:
        self._report = report
        self._before = self._written = self._received = self._size = self._told = 0

    def __call__(self, *_: Any, total: int | None = None, **__: Any) -> Self:
        """A bar for one more file, of `total` bytes: this one."""
        self._size = total or 0
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def done(self) -> int:
        """Bytes so far."""
        return self._before + min(self._size, max(self._written, self._received))

    def update(self, nbytes: float | None = 1) -> None:
        """Bytes were written."""
        self._written += int(nbytes or 0)
        self._tell()

    def update_transfer(self, nbytes: float | None = 1) -> None:
        """Bytes were received."""
        self._received += int(nbytes or 0)
        self._tell()

    def next(self, nbytes: int) -> None:
        """A file of `nbytes` is there, whether it was fetched or found in the cache."""
        self._before, self._written, self._received = self._before + nbytes, 0, 0
        self._tell()

    def _tell(self) -> None:
        if self.done != self._told:
            self._told = self.done
            self._report(self._told)

    def close(self) -> None:
        """Draw nothing."""

    def set_postfix_str(self, *_: Any, **__: Any) -> None:
        """Draw nothing."""

    set_transfer_postfix_str = set_postfix_str
