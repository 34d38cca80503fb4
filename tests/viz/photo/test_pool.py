"""Worker processes that decode photos: the same pixels and sentences, whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import ImageError
from heedmap.viz.photo import process
from heedmap.viz.photo.pool import Pool
from heedmap.viz.photo.process import Limits, Worker
from PIL import Image

from tests.hostile import bombs
from tests.viz.photo.photos import photo, png, saved

PATIENT = Limits(seconds=120, patience=240)
PHOTO = png(photo())


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2, PATIENT) as pool:
        yield pool


def eventually(happens: Callable[[], bool]) -> bool:
    """Whether something comes true within a minute."""
    for _ in range(1200):
        if happens():
            return True
        time.sleep(0.05)
    return False


def is_gone(process_id: int) -> bool:
    """Whether nothing is left of a child process, not even a zombie."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


def ids(pool: Pool) -> list[int]:
    workers = [*pool._idle, *pool._busy]
    return [worker._process.pid for worker in workers if worker]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_the_same_pixels_as_in_this_process(pool, kind) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (301, 203, 3), np.uint8)
    viz.open_image(saved(Image.fromarray(noise), "PNG"))
    data = saved(Image.fromarray(noise), kind)
    opened = pool.open(data)
    np.testing.assert_array_equal(opened, viz.open_image(data))
    assert opened.dtype == np.uint8
    assert opened.flags.c_contiguous
    assert opened.flags.writeable


@pytest.mark.parametrize(
    "source", [b"", b"hello", PHOTO[:90], None, png(np.zeros((1, 9, 3), np.uint8)), "/no/cät.jpg"]
)
def test_the_same_sentences_as_in_this_process(pool, source) -> None:
    with pytest.raises(ImageError) as here:
        viz.open_image(source)
    with pytest.raises(ImageError) as there:
        pool.open(source)
    assert str(there.value) == str(here.value)
    assert there.value.sentence.template == here.value.sentence.template


def test_names_of_files_come_back(pool, tmp_path) -> None:
    path = tmp_path / "kätzchen.png"
    path.write_bytes(PHOTO[:90])
    with pytest.raises(ImageError, match=r"^kätzchen\.png \(90 bytes\) breaks off"):
        pool.open(path)


def test_fifty_visitors_at_once(pool) -> None:
    """Each gets the photo that is theirs."""
    shades: dict[int, int] = {}

    def visit(shade: int) -> None:
        picture = np.full((20 + shade, 30, 3), shade, np.uint8)
        opened = pool.open(png(picture))
        assert opened.shape == picture.shape
        shades[shade] = int(opened.max())

    visitors = [threading.Thread(target=visit, args=(shade,)) for shade in range(50)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert shades == {shade: shade for shade in range(50)}
    assert len(ids(pool)) == 2


def test_first_come_first_served(monkeypatch) -> None:
    """While the only worker is busy the others queue, and none overtakes."""
    served: list[bytes] = []
    may_end, started = threading.Event(), threading.Event()

    def open_slowly(self: Worker, data: bytes, name: str) -> np.ndarray:
        started.set()
        may_end.wait()
        served.append(data)
        return np.zeros((2, 2, 3), np.uint8)

    monkeypatch.setattr(Worker, "open", open_slowly)
    with Pool(1, PATIENT) as pool:
        order = [bytes([number]) for number in range(20)]
        visitors = [threading.Thread(target=pool.open, args=(data,)) for data in order]
        visitors[0].start()
        started.wait()
        for place, visitor in enumerate(visitors[1:]):
            visitor.start()
            assert eventually(lambda place=place: len(pool._queue) == place + 1)
        may_end.set()
        for visitor in visitors:
            visitor.join()
    assert served == order


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_worker_that_dies_at_its_work_is_replaced(how) -> None:
    with Pool(1, PATIENT) as pool:
        pool.open(PHOTO)
        (worker,) = ids(pool)
        killer = threading.Thread(
            target=lambda: eventually(lambda: bool(pool._busy)) and os.kill(worker, how)
        )
        killer.start()
        with pytest.raises(ImageError, match="made the decoder crash: it is damaged, or"):
            pool.open(bombs.many_scans())
        killer.join()
        assert is_gone(worker)
        np.testing.assert_array_equal(pool.open(PHOTO), photo())
        assert ids(pool) != [worker]


def test_a_worker_that_dies_idle_is_replaced() -> None:
    with Pool(1, PATIENT) as pool:
        pool.open(PHOTO)
        (worker,) = ids(pool)
        os.kill(worker, signal.SIGKILL)
        assert eventually(lambda: not pool._idle[0].is_alive())
        np.testing.assert_array_equal(pool.open(PHOTO), photo())


def test_a_worker_that_hangs_is_replaced() -> None:
    """A stopped process uses no CPU and heeds no alarm: the pool ends it."""
    with Pool(1, Limits(seconds=120, patience=0.2)) as pool:
        pool.open(PHOTO)
        (worker,) = ids(pool)
        os.kill(worker, signal.SIGSTOP)
        with pytest.raises(ImageError, match="s to decode, which is the limit: save it again"):
            pool.open(PHOTO)
        assert is_gone(worker)


def test_a_closed_pool_leaves_nothing() -> None:
    with Pool(2, PATIENT) as pool:
        pool.start()
        pool.open(PHOTO)
        workers = ids(pool)
        assert len(workers) == 2
    assert all(map(is_gone, workers))
    with pytest.raises(ImageError, match="No photo can be decoded on this server right now"):
        pool.open(PHOTO)


def test_no_process_can_be_started(monkeypatch) -> None:
    def refuse(*_args, **_settings):
        raise BlockingIOError("too many processes")

    with Pool(1, PATIENT) as pool:
        with monkeypatch.context() as patch:
            patch.setattr(process.subprocess, "Popen", refuse)
            with pytest.raises(ImageError, match="No photo can be decoded on this server"):
                pool.open(PHOTO)
        np.testing.assert_array_equal(pool.open(PHOTO), photo())


# A script as a page is one: it runs as __main__ and has no guard.
SCRIPT = """
    import os, signal, sys, time
    from heedmap import viz
    from heedmap.viz.photo import pool
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    print("main runs")
    viz.start_workers()
    for data in map(bytes.fromhex, sys.argv[2:]):
        try:
            print(viz.open_upload(data).shape)
        except viz.photo.pool.ImageError:
            print("refused")
    print(*[worker._process.pid for worker in pool._POOL._idle], flush=True)
    if sys.argv[1] != "end":
        signal.pause()
"""


def run(how: str, *files: bytes) -> subprocess.Popen:
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), how, *(file.hex() for file in files)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_script_needs_no_guard_and_hears_nothing_of_libtiff() -> None:
    tiff = bombs.tiff(16, 16, bytes(256), compression=8)  # libtiff prints what it thinks of it
    with run("end", PHOTO, tiff) as script:
        output, errors = script.communicate()
    first, opened, second, workers = output.splitlines()
    assert (first, opened, second) == ("main runs", "(24, 32, 3)", "refused")
    assert errors == ""
    assert script.returncode == 0
    assert all(eventually(lambda id=id: is_gone(int(id))) for id in workers.split())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_server(how) -> None:
    with run("wait", PHOTO) as script:
        workers = [script.stdout.readline() for _ in range(3)][-1].split()
        assert len(workers) >= 2
        script.send_signal(how)
        script.wait()
    assert all(eventually(lambda id=id: is_gone(int(id))) for id in workers)
