"""Which files of a folder are photos, and what they are called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from heedmap.batch import find
from heedmap.errors import ImageError, SettingError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    odd = (
        *("b.JPG", "a/deep/er/c.webp", "a/two\nlines.png", "a/ü 'quoted' %20.heic", "-o.tiff"),
        *("notes.txt", "png", ".hidden.png", ".git/d.png", "out/overlays/e.jpg"),
    )
    for name in odd:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    return tmp_path


def names(source: object, out: Path) -> list[str]:
    return [photo.name for photo in find.photos(str(source), out)]


def test_a_folder_gives_its_photos_at_any_depth(folder: Path) -> None:
    assert names(folder, folder / "out") == [
        *("-o.tiff", "a/deep/er/c.webp", "a/two\nlines.png", "a/ü 'quoted' %20.heic", "b.JPG")
    ]


def test_a_pattern_gives_every_file_that_it_matches(folder: Path) -> None:
    assert names(folder / "a" / "**" / "*", folder / "out") == [
        *("deep/er/c.webp", "two\nlines.png", "ü 'quoted' %20.heic")
    ]
    assert names(folder / "n*", folder / "out") == ["notes.txt"]


@pytest.mark.skipif(os.name == "nt", reason="names are no bytes there")
def test_names_that_are_no_text_stay_apart(tmp_path: Path) -> None:
    for name in (b"\xff.png", rb"\xff.png", b"\xfe.png"):
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_bytes(b"")
    found = find.photos(str(tmp_path), tmp_path / "out")
    assert {photo.name for photo in found} == {r"\xff.png", r"\\xff.png", r"\xfe.png"}
    assert all(photo.name.encode() and os.path.exists(photo.path) for photo in found)


@pytest.fixture
def bucket() -> Iterator[str]:
    """Another file system, in memory."""
    files = fsspec.filesystem("memory")
    for name in ("a/b.jpg", "a/deep/c.PNG", "a/.hidden/d.png", "notes.txt"):
        files.pipe_file(f"/bucket/{name}", name.encode())
    yield "memory://bucket"
    files.rm("/bucket", recursive=True)


def test_a_bucket_gives_its_photos_too(bucket: str, tmp_path: Path) -> None:
    found = find.photos(bucket, tmp_path)
    assert [photo.name for photo in found] == ["a/b.jpg", "a/deep/c.PNG"]
    assert find.content(found[1]) == (b"a/deep/c.PNG", "c.PNG")
    assert names(f"{bucket}/a/*/*", tmp_path) == ["deep/c.PNG"]
    assert names(f"{bucket}/*.txt", tmp_path) == ["notes.txt"]
    assert find.root(bucket) == bucket


def test_what_is_wrong_with_a_bucket_is_told(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="There is no photo in 'memory://bucket/none'"):
        find.photos(f"{bucket}/none", tmp_path)
    with pytest.raises(SettingError, match="'nose://bucket' cannot be listed"):
        find.photos("nose://bucket", tmp_path)
    gone = find.Photo("a/gone.png", f"{bucket}/gone.png")
    with pytest.raises(ImageError, match=r"gone.png cannot be fetched \(FileNotFoundError\)"):
        find.content(gone)


@pytest.mark.parametrize("source", ["nowhere", "nowhere/*.png", "empty"])
def test_nothing_to_map_is_told(source: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingError, match=r"There is no (folder|photo in) '.*: give a folder"):
        find.photos(str(tmp_path / source), tmp_path / "out")
