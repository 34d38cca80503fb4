"""Turns at the machine: how many at once, in which order, and that no place is ever lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from heedmap.errors import OvertakenError, SettingError
from heedmap.views import turns
from heedmap.views.turns import Turns

PATIENCE = 30  # seconds until a test that hangs is told; nothing is proved by waiting


class Clock:
    """Seconds that pass only where a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class LeftError(Exception):
    """A visitor closed the window."""


class Guest(threading.Thread):
    """A visitor's request in a thread of its own; it holds its turn until it is told to end."""

    def __init__(self, queue: Turns, visitor: str, log: list[str] | None = None) -> None:
        super().__init__(daemon=True)
        self.queue, self.visitor, self.log = queue, visitor, log if log is not None else []
        self.waits, self.runs, self.end, self.leave = (threading.Event() for _ in range(4))
        self.places: list[int] = []
        self.told = threading.Condition()
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            with self.queue.take(self.visitor, self.wait_for_turn):
                self.log.append(self.visitor)
                self.runs.set()
                assert self.end.wait(PATIENCE)
        except (LeftError, OvertakenError) as error:
            self.error = error

    def wait_for_turn(self, ahead: int) -> None:
        with self.told:
            self.places.append(ahead)
            self.told.notify_all()
        self.waits.set()
        if self.leave.is_set():
            raise LeftError

    def waiting(self) -> Guest:
        assert self.waits.wait(PATIENCE)
        return self

    def running(self) -> Guest:
        assert self.runs.wait(PATIENCE), f"{self.visitor} never had a turn"
        return self

    def at(self, place: int) -> None:
        with self.told:
            assert self.told.wait_for(lambda: self.places[-1:] == [place], PATIENCE)

    def done(self) -> Guest:
        self.end.set()
        self.join(PATIENCE)
        assert not self.is_alive()
        return self


Arrive = Callable[..., Guest]


@pytest.fixture
def arrive() -> Iterator[Arrive]:
    """Visitors, who have all gone at the end of a test, also of one that failed."""
    guests: list[Guest] = []

    def arrive(queue: Turns, visitor: str, log: list[str] | None = None) -> Guest:
        guests.append(Guest(queue, visitor, log))
        return guests[-1]

    yield arrive
    for guest in guests:
        guest.end.set()
    for guest in guests:
        guest.join(PATIENCE)


def test_free_turns_do_not_wait(arrive: Arrive) -> None:
    queue = Turns(2)
    first, second = arrive(queue, "a").running(), arrive(queue, "b").running()
    assert first.places == second.places == []


def test_no_more_run_at_once_than_there_is_room(arrive: Arrive) -> None:
    queue = Turns(2)
    first, _ = arrive(queue, "a").running(), arrive(queue, "b").running()
    third = arrive(queue, "c").waiting()
    assert not third.runs.is_set()
    first.done()
    third.running()


def test_one_visitor_runs_one_pass_at_a_time(arrive: Arrive) -> None:
    queue = Turns(4)
    first = arrive(queue, "a").running()
    second = arrive(queue, "a").waiting()
    other = arrive(queue, "b").running()  # goes past the one that waits for its own visitor
    assert not second.runs.is_set()
    first.done()
    second.running()
    other.done()


def test_the_place_is_told_and_counts_down(arrive: Arrive) -> None:
    queue = Turns(1)
    holder = arrive(queue, "a").running()
    second = arrive(queue, "b").waiting()
    third = arrive(queue, "c").waiting()
    second.at(0)
    third.at(1)
    holder.done()
    second.running()
    third.at(0)
    second.done()
    third.running()


def test_who_had_less_time_goes_first(arrive: Arrive) -> None:
    clock, log = Clock(), []
    queue = Turns(1, clock=clock)
    heavy = arrive(queue, "heavy", log).running()
    light = arrive(queue, "light", log).waiting()
    clock.now += 10.0  # the large model takes its time
    heavy.done()
    light.running()
    again = arrive(queue, "heavy", log).waiting()
    others = [arrive(queue, name, log).waiting() for name in ("b", "c")]
    clock.now += 0.1
    light.done()
    for guest in (*others, again):
        clock.now += 0.1
        guest.running().done()
    assert log == ["heavy", "light", "b", "c", "heavy"]


def test_nobody_starves_behind_visitors_who_keep_asking(arrive: Arrive) -> None:
    clock, log = Clock(), []
    queue = Turns(1, clock=clock)
    heavy = arrive(queue, "heavy", log).running()
    current = arrive(queue, "light", log).waiting()
    clock.now += 1.0
    heavy.done()
    current.running()
    arrive(queue, "heavy", log).waiting().end.set()
    rounds = 0
    while log.count("heavy") < 2 and rounds < 20:
        following = arrive(queue, "light", log).waiting()
        clock.now += 0.25
        current.done()
        current = following.running()
        rounds += 1
    assert 3 <= rounds <= 6  # the light one had its second too, and then the heavy one's turn came


def test_nobody_starves_behind_ever_new_visitors(arrive: Arrive) -> None:
    clock, log = Clock(), []
    queue = Turns(1, clock=clock)
    heavy = arrive(queue, "heavy", log).running()
    current = arrive(queue, "new", log).waiting()
    clock.now += 10.0
    heavy.done()
    current.running()
    again = arrive(queue, "heavy", log).waiting()
    again.end.set()
    rounds = 0
    while not again.runs.is_set() and rounds < 50:
        following = arrive(queue, f"new {rounds}", log).waiting()
        clock.now += 1.0
        current.done()
        current = following.running()
        rounds += 1
    assert 2 < rounds < 20


def test_debts_are_forgotten_in_quiet_hours(arrive: Arrive) -> None:
    clock = Clock()
    queue = Turns(1, clock=clock)
    for visitor in range(100):
        guest = arrive(queue, str(visitor)).running()
        clock.now += 1.0
        guest.done()
    assert len(queue._had) <= 1


def test_a_visitor_who_leaves_gives_up_the_place(arrive: Arrive) -> None:
    queue = Turns(1, every=0.01)
    holder = arrive(queue, "a").running()
    leaver = arrive(queue, "b").waiting()
    third = arrive(queue, "c").waiting()
    third.at(1)
    leaver.leave.set()
    leaver.join(PATIENCE)
    assert isinstance(leaver.error, LeftError)
    third.at(0)
    holder.done()
    third.running()


def test_a_newer_request_takes_the_place_of_the_older(arrive: Arrive) -> None:
    queue = Turns(1)
    holder = arrive(queue, "a").running()
    older = arrive(queue, "b").waiting()
    newer = arrive(queue, "b").waiting()
    older.join(PATIENCE)
    assert isinstance(older.error, OvertakenError)
    assert not older.runs.is_set()
    holder.done()
    newer.running()


def test_a_pass_that_runs_learns_that_its_visitor_wants_another(arrive: Arrive) -> None:
    queue = Turns(2)
    with queue.take("a") as mine:
        other = arrive(queue, "b").running()
        assert not mine.overtaken
        newer = arrive(queue, "a").waiting()
        assert mine.overtaken
        assert not newer.runs.is_set()
    newer.running()
    other.done()


def test_a_pass_that_fails_gives_its_turn_back() -> None:
    queue = Turns(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), queue.take("a"):
            _ = 1 / 0
    with queue.take("b", lambda ahead: pytest.fail("the turn was lost")):
        pass


def test_a_thread_that_would_wait_for_itself_is_told() -> None:
    queue = Turns(1)
    with queue.take("a"), pytest.raises(RuntimeError, match="already"), queue.take("b"):
        pass
    with queue.take("a", lambda ahead: pytest.fail("the turn was lost")):
        pass


def test_many_visitors_at_once_lose_no_turn() -> None:
    queue, lock, now, most, done = Turns(3), threading.Lock(), [], [0], []

    def ask(number: int) -> None:
        visitor = f"visitor {number % 10}"
        with queue.take(visitor):
            with lock:
                assert visitor not in now
                now.append(visitor)
                most[0] = max(most[0], len(now))
            with lock:
                now.remove(visitor)
                done.append(number)

    def visit(visitor: int) -> None:
        for turn in range(50):
            ask(visitor + 10 * turn)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(visit, range(10)))
    assert sorted(done) == list(range(500))
    assert most[0] <= 3
    assert not queue._waiting
    assert not queue._running
    assert len(queue._had) <= 10


def test_a_turn_is_of_the_visitor_in_whose_name_the_thread_works(
    arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Turns(1)
    monkeypatch.setattr(turns, "shared", lambda: queue)

    def leave(ahead: int) -> None:
        raise LeftError

    holder = arrive(queue, "a").running()
    with turns.turn(leave):  # in nobody's name: a script, a test
        pass
    with pytest.raises(LeftError), turns.visiting("b", pytest.fail), turns.turn(leave):
        pytest.fail("went past the one whose turn it is")
    holder.done()
    with turns.visiting("b", pytest.fail), turns.turn(leave):
        assert [turn.visitor for turn in queue._running] == ["b"]
    assert queue._running == []


def test_what_a_visitor_is_told() -> None:
    assert turns.place(0).endswith("you are next.")
    assert turns.place(1).endswith("1 visitor ahead of you.")
    assert turns.place(2).endswith("2 visitors ahead of you.")


def test_the_host_sets_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEEDMAP_PASSES", raising=False)
    assert turns.passes_at_once() >= 2
    monkeypatch.setenv("HEEDMAP_PASSES", " 5 ")
    assert turns.passes_at_once() == 5


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "²", "99999999"])
def test_a_wrong_number_is_said(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_PASSES", value)
    with pytest.raises(SettingError, match="HEEDMAP_PASSES"):
        turns.passes_at_once()
