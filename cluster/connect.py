"""Ray, joined at an address or started on this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from heedmap.errors import SettingError


@contextmanager
def connected(address: str, cpus: int, store: int) -> Iterator[Any]:
    """The module `ray`, connected within the block.

    Ray itself sets OMP_NUM_THREADS of what it starts to the cores that this asks for.

    Args:
        address: of a cluster, as `ray.init` takes it; "" starts Ray on this machine.
        cpus: that a Ray which is started here has.
        store: bytes of its memory for objects.

    Raises:
        SettingError: Ray is not installed, or the cluster cannot be reached.
    """
    os.environ.setdefault("RAY_worker_niceness", "0")  # else workers run behind all else
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    try:
        import ray
    except ImportError as error:
        raise SettingError(
            "Ray is not installed: pip install -r requirements-cluster.txt, or do without it."
        ) from error
    own: dict[str, Any] = {
        "num_cpus": cpus, "object_store_memory": store, "include_dashboard": False,
    }  # fmt: skip
    try:
        ray.init(
            **({"address": address} if address else {"address": "local", **own}),
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise SettingError(
            "Ray cannot be reached at {address} ({why}): check its address.",
            address=address or "this machine",
            why=str(error)[:200],
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
