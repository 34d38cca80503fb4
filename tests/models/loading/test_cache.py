"""One cache for all: each model once, all within a budget, nobody waits for a stranger."""

from __future__ import annotations

import gc
import threading
import weakref
from types import SimpleNamespace
from typing import Any

import pytest
from heedmap.errors import CheckpointError, DownloadError
from heedmap.models.loading.cache import Cache
from heedmap.models.loading.progress import Loading


class Model(SimpleNamespace):
    """What the cache needs of an adapter."""

    id: str
    nbytes: int


def cache(budget: int = 100, build: Any = None, size: int = 40) -> Cache:
    def plain(id: str, loading: Loading) -> Any:
        there.reserve(id, id, size)
        return Model(id=id, nbytes=size)

    there = Cache(build or plain, lambda: budget)
    return there


def test_a_model_is_built_once_and_shared() -> None:
    gate, built = threading.Event(), []

    def build(id: str, loading: Loading) -> Any:
        built.append(id)
        gate.wait(10)
        return Model(id=id, nbytes=1)

    there = cache(build=build)
    first, second = there.begin("a"), there.begin("a")
    assert first is second
    assert not first.done
    with pytest.raises(TimeoutError):
        first.result(timeout=0)
    gate.set()
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(there.begin("a").result(10)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(result) for result in results}) == 1
    assert built == ["a"]
    assert first.progress.phase == "Ready"


def test_different_models_load_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)

    def build(id: str, loading: Loading) -> Any:
        both.wait()  # breaks unless the other one comes
        return Model(id=id, nbytes=1)

    there = cache(build=build)
    loadings = [there.begin("a"), there.begin("b")]
    assert [loading.result(10).id for loading in loadings] == ["a", "b"]


def test_a_loaded_model_does_not_wait_for_a_stranger() -> None:
    gate = threading.Event()

    def build(id: str, loading: Loading) -> Any:
        if id == "slow":
            gate.wait(10)
        return Model(id=id, nbytes=1)

    there = cache(build=build)
    there.begin("quick").result(10)
    slow = there.begin("slow")
    assert there.loaded("quick")
    assert there.begin("quick").done
    assert there.begin("other").result(10).id == "other"
    assert not slow.done
    gate.set()
    slow.result(10)


def test_the_least_recently_used_goes_first() -> None:
    there = cache(budget=100, size=40)
    for id in ("a", "b"):
        there.begin(id).result(10)
    there.begin("a").result(10)  # used again: b is the oldest now
    there.begin("c").result(10)
    assert [id for id in "abc" if there.loaded(id)] == ["a", "c"]
    assert there.nbytes() == 80


def test_what_is_dropped_is_freed() -> None:
    freed = []

    def build(id: str, loading: Loading) -> Any:
        there.reserve(id, id, 60)
        model = Model(id=id, nbytes=60)
        model.itself = model  # only the collector undoes this
        return model

    there = Cache(build, lambda: 100, lambda: freed.append(gc.isenabled()))
    gc.disable()
    try:
        ref = weakref.ref(there.begin("a").result(10))
        assert ref() is not None
        there.begin("b").result(10)
        assert ref() is None
    finally:
        gc.enable()
    assert freed == [False]


def test_room_is_made_before_a_model_is_built() -> None:
    seen = []

    def build(id: str, loading: Loading) -> Any:
        there.reserve(id, id, 60)
        seen.append([name for name in "ab" if there.loaded(name)])
        return Model(id=id, nbytes=60)

    there = cache(build=build)
    there.begin("a").result(10)
    there.begin("b").result(10)
    assert seen == [[], []]


def test_two_large_ones_take_turns() -> None:
    gate, order = threading.Event(), []

    def build(id: str, loading: Loading) -> Any:
        there.reserve(id, id, 60)
        order.append(id)
        if id == "a":
            gate.wait(10)
        return Model(id=id, nbytes=60)

    there = cache(build=build)
    first = there.begin("a")
    while not order:
        pass
    second = there.begin("b")
    assert not second.done
    gate.set()
    assert (first.result(10).id, second.result(10).id) == ("a", "b")
    assert order == ["a", "b"]
    assert there.nbytes() == 60


def test_one_that_never_fits_is_refused() -> None:
    there = cache(budget=1_000_000, size=2_500_000)
    with pytest.raises(CheckpointError) as caught:
        there.begin("a").result(10)
    assert str(caught.value) == (
        "a takes 2.5 MB of memory and the cache holds 1.0 MB: choose a smaller model, or raise "
        "HEEDMAP_CACHE_GB."
    )


def test_a_failure_is_forgotten() -> None:
    tries = []

    def build(id: str, loading: Loading) -> Any:
        tries.append(id)
        if len(tries) == 1:
            raise DownloadError("The cable is cut: mend it.")
        return Model(id=id, nbytes=1)

    there = cache(build=build)
    failed = there.begin("a")
    with pytest.raises(DownloadError, match="cable"):
        failed.result(10)
    assert failed.progress.phase == "Failed"
    assert there.begin("a").result(10).id == "a"
    with pytest.raises(DownloadError, match="cable"):
        failed.result()  # whoever holds the old one still hears why


def test_progress_counts_what_came_since_the_phase_began(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("heedmap.models.loading.progress.time.monotonic", lambda: clock.now)
    loading = Loading("a")
    loading.report("Downloading", 500, 1000)  # resumed at half
    assert loading.progress.seconds_left is None
    clock.now = 2.0
    loading.report("Downloading", 700, 1000)
    assert loading.progress.seconds_left == pytest.approx(3.0)
    assert loading.progress.share == pytest.approx(0.7)
    loading.report("Building the model")
    assert loading.progress.bytes_done == loading.progress.bytes_total == 1000
    assert loading.progress.seconds_left is None
