"""Whatever holds a file is read, and never more of it than is allowed."""

from __future__ import annotations

import gc
import io
import os
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from heedmap import viz
from heedmap.viz.photo.limits import MAX_BYTES
from PIL import Image

from tests.viz.photo.photos import photo, png, saved, sentence


def test_sources_of_every_kind(tmp_path) -> None:
    data = png(photo())
    path = tmp_path / "cat.png"
    path.write_bytes(data)
    buffer = io.BytesIO(data)
    buffer.read()  # a page has looked at it already
    with open(path, "rb") as file:
        sources = [data, bytearray(data), memoryview(data), path, str(path), buffer, file]
        for source in sources:
            np.testing.assert_array_equal(viz.open_image(source), photo())
    assert not buffer.closed


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_no_file_stays_open(tmp_path) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(png(photo()))
    bad.write_bytes(png(photo())[:60])
    before = len(os.listdir("/dev/fd"))
    viz.open_image(good)
    sentence(bad, "breaks off")
    gc.collect()
    assert len(os.listdir("/dev/fd")) == before


def test_many_threads() -> None:
    data, results = png(photo()), []
    threads = [
        threading.Thread(target=lambda: results.append(viz.open_image(data))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(np.array_equal(result, photo()) for result in results)


def test_warnings_filters_are_left_as_they_were() -> None:
    before = list(warnings.filters)
    viz.open_image(png(photo()))
    assert list(warnings.filters) == before


def test_empty(tmp_path) -> None:
    sentence(b"", r"empty \(0 bytes\): choose another")
    path = tmp_path / "nothing.png"
    path.touch()
    sentence(path, r"nothing\.png is empty")
    sentence(io.BytesIO(), "is empty")


def test_too_many_bytes(tmp_path) -> None:
    remedy = r"20\.1 MB, more than the 20 MB that are allowed: make the picture smaller"
    sentence(bytes(20_000_001), remedy)
    sentence(memoryview(bytes(20_000_001)), remedy)
    sentence(io.BytesIO(bytes(20_000_001)), remedy)
    path = tmp_path / "large.png"
    with open(path, "wb") as file:
        file.truncate(20_000_001)
    sentence(path, rf"large\.png has {remedy}")


def test_a_large_file_is_not_read_whole(tmp_path, monkeypatch) -> None:
    path = tmp_path / "huge.png"
    with open(path, "wb") as file:
        file.truncate(10**12)  # sparse: takes no room
    sentence(path, r"huge\.png has 1000000\.0 MB")

    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size=-1):
            assert 0 < size <= MAX_BYTES + 1
            return bytes(size)

        def seekable(self):
            return False

    sentence(Endless(), "more than the 20 MB")


def test_paths_that_cannot_be_opened(tmp_path) -> None:
    text = sentence(tmp_path / "private" / "cat.jpg", "There is no file cat.jpg: check")
    assert "private" not in text
    sentence(tmp_path, "is not a file: give the path of a picture")
    sentence("cat\0.jpg", "cannot be opened")
    sentence("", "There is no file|cannot be opened")


@pytest.mark.parametrize("source", [12, None, 1.5, [1], {"a": 1}, object(), np.zeros((2, 2, 3))])
def test_sources_that_hold_no_file(source) -> None:
    name = type(source).__name__
    sentence(source, f"No picture can be read from {name}: give the bytes .* or a PIL image")


def test_files_that_cannot_be_read(tmp_path) -> None:
    sentence(io.StringIO("text"), "binary mode")
    path = tmp_path / "cat.png"
    path.write_bytes(png(photo()))
    with open(path, encoding="utf-8") as file:  # its bytes are no UTF-8: reading would fail
        sentence(file, "binary mode")
    closed = io.BytesIO(png(photo()))
    closed.close()
    sentence(closed, "choose it again")

    class Odd:
        def read(self):
            raise RuntimeError("no")

    sentence(Odd(), "choose it again")


def test_a_file_that_only_reads() -> None:
    class Reader:
        def __init__(self) -> None:
            self._file = io.BytesIO(png(photo()))

        def read(self, size):
            return self._file.read(size)

    np.testing.assert_array_equal(viz.open_image(Reader()), photo())


def test_long_names_are_shortened(tmp_path) -> None:
    for name in ("x" * 200, "x" * 10_000):
        assert len(sentence(tmp_path / name, "x…")) < 150


class Bytes:
    """A path as some libraries give it: in bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self._path)


def test_a_path_of_bytes(tmp_path) -> None:
    sentence(Bytes(tmp_path / "cat.jpg"), "There is no file cat.jpg: check")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_a_pillow_image_stays_the_callers_own(kind) -> None:
    settings = {"lossless": True} if kind == "WEBP" else {}
    lazy = Image.open(io.BytesIO(saved(Image.fromarray(photo()), kind, **settings)))
    for _ in range(2):
        np.testing.assert_array_equal(viz.open_image(lazy), photo())
    lazy.seek(0)
    np.testing.assert_array_equal(np.asarray(lazy.convert("RGB")), photo())


def test_a_pillow_image_is_taken(tmp_path) -> None:
    np.testing.assert_array_equal(viz.open_image(Image.fromarray(photo())), photo())
    sentence(Image.new("L", (1, 5)), "only 1 x 5 px")
    sentence(Image.new("1", (10_000, 10_000)), "100.0 megapixels")
    path = tmp_path / "cut.png"
    path.write_bytes(png(photo())[:80])
    with Image.open(path) as cut:
        sentence(cut, "damaged")
