"""The photos of a folder, of a pattern, or of a bucket."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from heedmap.errors import SettingError, short

SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".avif", ".heic"),
        *(".heif", ".hif", ".gif", ".tif", ".tiff", ".bmp", ".dib"),
    )
)


class Photo(NamedTuple):
    """A file to map.

    Attributes:
        name: its path below the source, with "/", as rows carry it.
        path: where it is.
    """

    name: str
    path: str


def root(source: str) -> str:
    """What the names of a source's photos begin at: its folder, or that above its first wildcard.

    Raises:
        SettingError: no such folder.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        return str(folder.resolve())
    parts = folder.parts
    wild = next((i for i, part in enumerate(parts) if glob.has_magic(part)), None)
    if wild is None:
        raise SettingError(
            f"There is no folder {short(source)}: give a folder, or a pattern such as "
            "'photos/**/*.jpg' in quotes."
        )
    return str(Path(*parts[:wild]).resolve())


def photos(source: str, leave_out: Path) -> list[Photo]:
    """The photos of a folder with all its subfolders, or what a pattern matches, by name.

    Of a folder the files that are named as photos are taken; of a pattern every file. Hidden files
    and folders are not.

    Args:
        source: a folder, or a pattern of `glob` in which ** stands for any subfolders.
        leave_out: a folder whose files are not taken: the one that is written to.

    Raises:
        SettingError: no such folder, or not one photo in it.
    """
    start, out = root(source), leave_out.resolve()
    folder = Path(source).expanduser()
    paths = _walk(start) if folder.is_dir() else _matched(str(folder))
    inside = (path for path in paths if out not in Path(path).parents)
    found = sorted(Photo(_named(os.path.relpath(path, start)), path) for path in inside)
    if not found:
        raise SettingError(
            f"There is no photo in {short(source)}: give a folder with files such as .jpg or .png, "
            "or a pattern that matches some."
        )
    return found


def _walk(start: str) -> Iterator[str]:
    for folder, inner, files in os.walk(start):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES:
                yield os.path.join(folder, name)


def _matched(pattern: str) -> Iterator[str]:
    matches = glob.iglob(pattern, recursive=True)
    yield from (os.path.abspath(path) for path in matches if os.path.isfile(path))


def _named(path: str) -> str:
    """A path as text that any file can hold; names that are no UTF-8 keep their bytes as \\xff."""
    plain = path.replace("\\", "\\\\").encode("utf-8", "surrogateescape")
    return plain.decode("utf-8", "backslashreplace").replace(os.sep, "/")
