"""Any source of a file -> its bytes, at most 20 MB."""

from __future__ import annotations

import io
import os
import stat
from typing import IO, Any, TypeAlias

from heedmap.errors import ImageError
from heedmap.languages import Phrase
from heedmap.viz.photo.limits import MAX_BYTES, check_bytes

Source: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes]

_THE_FILE: str = Phrase("The file")  # one without a name
_LONGEST_NAME = 60  # characters of a file's name that a sentence shows


def read(source: Any) -> tuple[bytes, str]:
    """Return the bytes of a file and what to call it in a sentence.

    Args:
        source: see `Source`; an open file is read from its start where it can be rewound.

    Raises:
        ImageError: no such file, empty, more than 20 MB, or not a source of a file.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        check_bytes(memoryview(source).nbytes, _THE_FILE)
        data, name = bytes(source), _THE_FILE
    elif isinstance(source, str | os.PathLike):
        data, name = _read_path(source)
    else:
        data, name = _read_open(source), _THE_FILE
    if not data:
        raise ImageError("{name} is empty (0 bytes): choose another file.", name=name)
    return data, name


def _read_open(file: Any) -> bytes:
    if not callable(getattr(file, "read", None)):
        raise ImageError(
            "No picture can be read from {name}: give the bytes of a file, its path, an open "
            "binary file or a PIL image.",
            name=type(file).__name__,
        )
    if isinstance(file, io.TextIOBase):
        raise _opened_as_text()
    try:
        if callable(getattr(file, "seekable", None)) and file.seekable():
            file.seek(0)
        data = file.read(MAX_BYTES + 1)
    except Exception:  # the file may be an object of any library
        raise ImageError("The file cannot be read any more: choose it again.") from None
    if not isinstance(data, bytes):
        raise _opened_as_text()
    check_bytes(len(data), _THE_FILE)
    return data


def _opened_as_text() -> ImageError:
    return ImageError('The file was opened as text: open it in binary mode ("rb").')


def _read_path(path: str | os.PathLike[str]) -> tuple[bytes, str]:
    # Only the last part of the path is shown: a sentence must not reveal the server's folders.
    name = _shortened(os.path.basename(os.fsdecode(path))) or Phrase("The path")
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError("{name} is not a file: give the path of a picture.", name=name)
        check_bytes(status.st_size, name)
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ImageError("There is no file {name}: check its name and folder.", name=name) from None
    except (OSError, ValueError):
        raise ImageError(
            "{name} cannot be opened: check its name and permissions.", name=name
        ) from None
    check_bytes(len(data), name)  # it may have grown
    return data, name


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
