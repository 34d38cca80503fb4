"""A Ray of this machine, and an engine without one: a replica's app on a port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from heedmap.cluster import door
from heedmap.views import cache, turns


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """The address at which an ASGI app answers within the block."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


@pytest.fixture(scope="package")
def ray_address() -> Iterator[str]:
    """A Ray of this machine with three cores; tests that use it are of the xdist group "ray".

    It ends with the last of them: idle, it would still take a part of a core from all other tests.
    """
    pytest.importorskip("ray", reason="Ray is not installed", exc_type=ImportError)
    from ray.cluster_utils import Cluster

    own = {"num_cpus": 3, "object_store_memory": 100_000_000, "include_dashboard": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))  # where workers find tests
        patch.setenv("RAY_worker_niceness", "0")  # as `connected` has it
        cluster: Any = Cluster(initialize_head=True, head_node_args=own)
    yield cluster.address
    cluster.shutdown()


@pytest.fixture(scope="module")
def replica() -> Iterator[str]:
    with listening(door.create()) as url:
        yield url


@pytest.fixture
def run_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Makes all passes run at an address; what was kept of others is forgotten."""

    def fresh() -> None:
        cache.clear()
        turns.shared.cache_clear()

    def run_at(url: str) -> None:
        monkeypatch.setenv("HEEDMAP_ENGINE", url)

    fresh()
    yield run_at
    fresh()


@pytest.fixture
def at_engine(replica: str, run_at: Callable[[str], None]) -> Callable[[str], None]:
    """Passes run at the replica, or where this is called with."""
    run_at(replica)
    return run_at
