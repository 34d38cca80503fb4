"""Objects as files of a folder; the time of a file's last change is that of its last use."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from heedmap.store.place import Entry

_HALF = ".half-"  # what the name of a file starts with while it is written
_ABANDONED = 3600.0  # seconds after which such a file is nobody's any more


class Folder:
    """A folder on this machine, or one that several servers have mounted."""

    every = 60.0

    def __init__(self, path: Path) -> None:
        self._path = path

    def entry(self, name: str) -> Entry | None:
        """See `Place`."""
        try:
            found = (self._path / name).stat()
        except FileNotFoundError:
            return None
        return Entry(name, found.st_size, found.st_mtime)

    def entries(self) -> list[Entry]:
        """See `Place`."""
        if not self._path.is_dir():
            return []
        names = os.listdir(self._path)
        found = [each for name in names if (each := self.entry(name))]
        for each in found:
            if each.name.startswith(_HALF) and each.used < time.time() - _ABANDONED:
                self.remove(each.name)
        return [each for each in found if not each.name.startswith(".")]

    def read(self, name: str) -> bytes | None:
        """See `Place`."""
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """See `Place`: on the disk under another name first, then renamed, which is atomic."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, half = tempfile.mkstemp(prefix=_HALF, dir=self._path)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, self._path / name)
        except BaseException:
            with suppress(OSError):
                os.unlink(half)
            raise
        _sync(self._path)

    def touch(self, name: str, content: bytes) -> None:
        """See `Place`."""
        with suppress(OSError):  # another server removed it, or may only read
            os.utime(self._path / name)

    def remove(self, name: str) -> None:
        """See `Place`."""
        (self._path / name).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk too; not every system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
