"""A local Serve of two replicas, of which one is killed while visitors ask for passes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.cluster import command
from heedmap.cluster.serve import Options
from heedmap.serving import health
from heedmap.views import engine, passes, turns
from heedmap.views.request import Request

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("ray"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]

VISITORS, KILLED_AFTER, ENOUGH = 6, 12, 60  # the latter two in passes


@pytest.fixture
def serving(ray_address: str, run_at: Callable[[str], None]) -> Iterator[None]:
    pytest.importorskip("ray.serve", reason="Ray Serve is not installed", exc_type=ImportError)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with command.running(Options(2), "127.0.0.1", port, ray_address):
        run_at(f"http://127.0.0.1:{port}")
        yield


def kill_one() -> None:
    """Kill the process of one of two replicas."""
    import ray

    named = ray.util.list_named_actors(all_namespaces=True)
    replicas = [each for each in named if "SERVE_REPLICA" in each["name"]]
    assert len(replicas) == 2
    ray.kill(ray.get_actor(**replicas[0]))


def test_no_visitor_sees_that_a_replica_was_killed(serving: None) -> None:
    assert health.healthy(urlsplit(engine.address()).port, "engine")
    vit = models.load("bundled-vit")
    done, asked, lock = [], iter(range(10_000)), threading.Lock()
    first, enough = threading.Event(), threading.Event()

    def visit(name: int) -> None:
        while not enough.is_set():
            with lock:
                patch = next(asked)
            request = Request("cat", "bundled-vit", 64)
            with turns.visiting(str(name), lambda words: None):
                row = passes.row(vit, request, patch // 64 % 6, (patch // 8 % 8, patch % 8))
            done.append((patch, row))
            if len(done) >= KILLED_AFTER:
                first.set()
            if len(done) >= ENOUGH:
                enough.set()

    with ThreadPoolExecutor(VISITORS) as pool:
        visits = [pool.submit(visit, name) for name in range(VISITORS)]
        assert first.wait(60)
        kill_one()
        for each in visits:
            each.result(120)
    x = vit.prepare(viz.open_sample("cat"), 64)
    for patch, row in done:
        place = (patch // 8 % 8, patch % 8)
        own = viz.record_rows(vit, x, patch // 64 % 6, [place])[0]
        np.testing.assert_allclose(row, own, rtol=1e-3)
