"""The photos of a folder, of a pattern, or of a bucket, and their bytes."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from heedmap.batch import remote
from heedmap.errors import SettingError, short
from heedmap.viz.photo.read import read

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
    if remote.is_remote(source):
        return source
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
        source: a folder, or a pattern of `glob` in which ** stands for any subfolders; also as the
            address of another file system that fsspec knows, such as s3://BUCKET/photos.
        leave_out: a folder whose files are not taken: the one that is written to.

    Raises:
        SettingError: no such folder, not one photo in it, or a bucket that cannot be reached.
    """
    some = _remote(source) if remote.is_remote(source) else _local(source, leave_out)
    found = sorted(some)
    if not found:
        raise SettingError(
            f"There is no photo in {short(source)}: give a folder with files such as .jpg or .png, "
            "or a pattern that matches some."
        )
    return found


def content(photo: Photo) -> tuple[bytes, str]:
    """The bytes of a photo, and what to call it in a sentence.

    Raises:
        ImageError: it is gone, cannot be read, is empty or too large.
    """
    if not remote.is_remote(photo.path):
        return read(photo.path)
    name = photo.name.rsplit("/", 1)[-1]
    return read(remote.fetched(photo.path, name))[0], name


def _remote(source: str) -> Iterator[Photo]:
    for path, address in remote.listed(source):
        hidden = any(part.startswith(".") for part in path.split("/"))
        if not hidden and (glob.has_magic(source) or _is_photo(path)):
            yield Photo(_named(path), address)


def _local(source: str, leave_out: Path) -> Iterator[Photo]:
    start, out = root(source), leave_out.resolve()
    folder = Path(source).expanduser()
    paths = _walk(start) if folder.is_dir() else _matched(str(folder))
    for path in paths:
        if out not in Path(path).parents:
            yield Photo(_named(os.path.relpath(path, start)), path)


def _walk(start: str) -> Iterator[str]:
    for folder, inner, files in os.walk(start):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and _is_photo(name):
                yield os.path.join(folder, name)


def _matched(pattern: str) -> Iterator[str]:
    matches = glob.iglob(pattern, recursive=True)
    yield from (os.path.abspath(path) for path in matches if os.path.isfile(path))


def _is_photo(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES


def _named(path: str) -> str:
    """A path as text that any file can hold; names that are no UTF-8 keep their bytes as \\xff."""
    plain = path.replace("\\", "\\\\").encode("utf-8", "surrogateescape")
    return plain.decode("utf-8", "backslashreplace").replace(os.sep, "/")
