"""What is kept: once for all who ask, bounded in bytes, no error, no waiting for others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from heedmap.views.cache import kept

PATIENCE = 30  # seconds, for a thread that hangs; no test waits for it otherwise


def test_the_least_recently_used_leaves_first() -> None:
    made: list[str] = []

    @kept(10, len, key=lambda name: name)
    def content(name: str) -> bytes:
        made.append(name)
        return b"12345"

    for name in ("a", "b", "a", "c", "a", "b"):
        content(name)
    assert made == ["a", "b", "c", "b"]


def test_a_result_larger_than_the_room_is_kept_alone() -> None:
    made: list[int] = []

    @kept(10, len, key=lambda size: size)
    def content(size: int) -> bytes:
        made.append(size)
        return bytes(size)

    for size in (4, 40, 40, 4):
        assert len(content(size)) == size
    assert made == [4, 40, 4]


def test_who_asks_meanwhile_waits_for_the_same_result() -> None:
    started, go_on = threading.Event(), threading.Event()
    made: list[str] = []

    @kept(10, len, key=lambda name: name)
    def content(name: str) -> bytes:
        made.append(name)
        if name == "slow":
            started.set()
            assert go_on.wait(PATIENCE)
        return b"1"

    with ThreadPoolExecutor() as pool:
        first = pool.submit(content, "slow")
        assert started.wait(PATIENCE)
        second = pool.submit(content, "slow")
        assert content("quick") == b"1", "another result is not held up"
        assert not second.done()
        go_on.set()
        assert first.result(PATIENCE) is second.result(PATIENCE)
    assert made == ["slow", "quick"]


def test_an_error_is_not_kept() -> None:
    tries: list[str] = []

    @kept(10, len, key=lambda name: name)
    def content(name: str) -> bytes:
        tries.append(name)
        if len(tries) == 1:
            raise ZeroDivisionError
        return b"1"

    with pytest.raises(ZeroDivisionError):
        content("a")
    assert content("a") == b"1"
    assert len(tries) == 2
