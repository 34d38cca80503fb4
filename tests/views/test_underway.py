"""Work under way: shared by all who wait for it, left by whoever likes, given up by the last."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from heedmap.errors import OvertakenError
from heedmap.views import cache
from heedmap.views.underway import Job, Underway

from tests.views.test_turns import PATIENCE, Clock, LeftError


class Work:
    """A piece of work that a test ends; it stops when nobody has waited for it for a second."""

    def __init__(self) -> None:
        self.begun = 0
        self.runs, self.end, self.look = (threading.Event() for _ in range(3))
        self.job: Job[bytes] | None = None

    def __call__(self, job: Job[bytes]) -> bytes:
        self.begun, self.job = self.begun + 1, job
        self.runs.set()
        while not self.end.wait(0.001):
            if job.alone() > 1:
                raise OvertakenError("Given up: ask again.")
        return b"made"


class Guest:
    """Somebody who waits, until told to leave."""

    def __init__(self) -> None:
        self.asked, self.leaves = threading.Event(), threading.Event()
        self.words: list[str] = []

    def __call__(self, words: str) -> None:
        self.words.append(words)
        self.asked.set()
        if self.leaves.is_set():
            raise LeftError


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def underway(clock: Clock) -> Underway[bytes]:
    return Underway(10, len, every=0.001, clock=clock)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def test_who_waits_is_told_what_the_work_says(underway, pool) -> None:
    work, guest = Work(), Guest()
    result = pool.submit(underway.result, "key", work, guest)
    assert work.runs.wait(PATIENCE)
    assert work.job
    work.job.words = lambda: "half of it"
    while "half of it" not in guest.words:
        assert guest.asked.wait(PATIENCE)
    work.end.set()
    assert result.result(PATIENCE) == b"made"
    assert underway.result("key", work, pytest.fail) == b"made"
    assert work.begun == 1
    cache.clear()
    assert underway.result("key", work, guest) == b"made"
    assert work.begun == 2


def test_who_joins_is_told_so_while_the_work_says_nothing(underway, pool) -> None:
    work, first, second = Work(), Guest(), Guest()
    results = [pool.submit(underway.result, "key", work, first, "the same")]
    assert work.runs.wait(PATIENCE)
    results.append(pool.submit(underway.result, "key", work, second, "the same"))
    assert second.asked.wait(PATIENCE)
    assert first.asked.wait(PATIENCE)
    work.end.set()
    assert [each.result(PATIENCE) for each in results] == [b"made", b"made"]
    assert set(first.words) == {""}
    assert set(second.words) == {"the same"}


def test_work_that_all_have_left_is_given_up_and_can_be_asked_for_again(
    underway, pool, clock
) -> None:
    work, guest = Work(), Guest()
    result = pool.submit(underway.result, "key", work, guest)
    assert work.runs.wait(PATIENCE)
    guest.leaves.set()
    with pytest.raises(LeftError):
        result.result(PATIENCE)
    assert work.job
    assert work.job.alone() == 0
    clock.now += 1.5
    with pytest.raises(OvertakenError):
        work.job.future.result(PATIENCE)
    work.end.set()
    assert underway.result("key", work, Guest()) == b"made"
    assert work.begun == 2


def test_who_comes_back_in_time_finds_the_work_going_on(underway, pool, clock) -> None:
    work, guest, again = Work(), Guest(), Guest()
    result = pool.submit(underway.result, "key", work, guest)
    assert work.runs.wait(PATIENCE)
    guest.leaves.set()
    with pytest.raises(LeftError):
        result.result(PATIENCE)
    clock.now += 0.5
    result = pool.submit(underway.result, "key", work, again)
    assert again.asked.wait(PATIENCE)
    clock.now += 100
    work.end.set()
    assert result.result(PATIENCE) == b"made"
    assert work.begun == 1


def test_one_who_leaves_robs_no_other(underway, pool, clock) -> None:
    work, leaver, other = Work(), Guest(), Guest()
    first = pool.submit(underway.result, "key", work, leaver)
    assert work.runs.wait(PATIENCE)
    second = pool.submit(underway.result, "key", work, other)
    assert other.asked.wait(PATIENCE)
    leaver.leaves.set()
    with pytest.raises(LeftError):
        first.result(PATIENCE)
    clock.now += 100
    work.end.set()
    assert second.result(PATIENCE) == b"made"
    assert work.begun == 1


def test_who_joined_work_that_was_overtaken_starts_it_again(underway, pool) -> None:
    begun, joined = threading.Event(), threading.Event()

    def overtaken(job: Job[bytes]) -> bytes:
        begun.set()
        assert joined.wait(PATIENCE)
        raise OvertakenError("Replaced: see the newer one.")

    work, other = Work(), Guest()
    work.end.set()
    first = pool.submit(underway.result, "key", overtaken, Guest())
    assert begun.wait(PATIENCE)
    second = pool.submit(underway.result, "key", work, other)
    assert other.asked.wait(PATIENCE)
    joined.set()
    with pytest.raises(OvertakenError):
        first.result(PATIENCE)
    assert second.result(PATIENCE) == b"made"


def test_an_error_reaches_all_and_is_not_kept(underway) -> None:
    def fails(job: Job[bytes]) -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        underway.result("key", fails, Guest())
    work = Work()
    work.end.set()
    assert underway.result("key", work, Guest()) == b"made"
