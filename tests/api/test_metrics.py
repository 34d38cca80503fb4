"""Figures for Prometheus: what they count, and who may read them."""

from __future__ import annotations

import threading

import pytest
from heedmap import models
from heedmap.api import metrics
from heedmap.api.settings import Access
from heedmap.views import cache, passes, turns
from heedmap.views.request import Request
from prometheus_client.parser import text_string_to_metric_families as parsed
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

KEY = "k" * 20


def client(address: str = "127.0.0.1", host: str = "localhost:8501") -> TestClient:
    app = Starlette(routes=[Route(metrics.PATH, metrics.endpoint(Access((KEY,))))])
    return TestClient(app, f"http://{host}", client=(address, 50000))


def figures() -> dict[tuple, float]:
    """{(name, labels): value}"""
    text = client().get(metrics.PATH).raise_for_status().text
    samples = (sample for family in parsed(text) for sample in family.samples)
    return {(s.name, *sorted(s.labels.values())): s.value for s in samples}


def test_passes_are_counted_once_and_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, cls = models.load("bundled-vit"), ("bundled-vit", "cls")
    before = figures()
    for size in (40, 48, 48):  # the last is kept
        passes.attention(adapter, Request("coffee", "bundled-vit", size))
    after = figures()
    count, seconds = (f"heedmap_pass_seconds_{name}" for name in ("count", "sum"))
    assert after[count, *cls] == before.get((count, *cls), 0) + 2
    assert after[seconds, *cls] > before.get((seconds, *cls), 0)
    results = "heedmap_cache_bytes", "results"
    assert after[results] == cache.nbytes()["results"] > before[results]
    assert after["heedmap_cache_bytes", "models"] >= adapter.nbytes
    assert after["process_resident_memory_bytes",] > 0


def test_the_queue_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = turns.Turns(1)
    monkeypatch.setattr(turns, "shared", lambda: queue)
    inside, go = threading.Event(), threading.Event()

    def hold(visitor: str) -> None:
        with queue.take(visitor):
            inside.set()
            assert go.wait(60)

    threads = [threading.Thread(target=hold, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    assert inside.wait(60)
    while queue.count() != (2, 1):
        pass
    told = figures()
    go.set()
    for thread in threads:
        thread.join()
    assert told["heedmap_passes_waiting",] == 2
    assert told["heedmap_passes_running",] == 1
    assert figures()["heedmap_passes_running",] == 0


@pytest.mark.parametrize(
    ("address", "host", "key", "status"),
    [
        ("127.0.0.1", "localhost", "", 200),
        ("::1", "[::1]:8501", "", 200),
        ("::ffff:127.0.0.1", "127.0.0.1", "", 200),
        ("192.168.1.9", "localhost", "", 404),
        ("127.0.0.1", "heedmap.example.org", "", 404),
        ("192.168.1.9", "heedmap.example.org", KEY, 200),
        ("192.168.1.9", "heedmap.example.org", KEY[1:], 404),
        ("a proxy", "localhost", "", 404),
    ],
)
def test_they_are_for_the_host_alone(address: str, host: str, key: str, status: int) -> None:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    assert client(address, host).get(metrics.PATH, headers=headers).status_code == status


def test_models_beyond_a_bound_share_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from heedmap.views import costs

    monkeypatch.setattr(costs, "_KEYS", 2)
    known = costs.Costs(iter(range(100)).__next__)
    for model in "abcd":
        with known.timed(costs.Cost(model, "cls", 1.0)):
            pass
    assert {key: count for key, (count, _) in known.totals().items()} == {
        ("a", "cls"): 1, ("b", "cls"): 1, ("other", "cls"): 2,
    }  # fmt: skip
