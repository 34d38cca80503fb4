"""The command `heedmap engine`: start replicas that hold the models, and run until it is stopped.

heedmap engine --replicas 2 --port 8600
"""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from heedmap.cluster.connect import connected
from heedmap.cluster.serve import Options, application
from heedmap.errors import HeedmapError, SettingError

NAME = "heedmap"  # of the application in Serve
_STORE = 500_000_000  # bytes of Ray's memory for objects: records on their way


def main(argv: Sequence[str] | None = None) -> None:
    """Start the engine, say where it is, and end it on Ctrl-C or SIGTERM."""
    asked = _parser().parse_args(argv)
    options = Options(asked.replicas, asked.threads, asked.gpus, asked.ready or Options.ready)
    try:
        with running(options, asked.address, asked.port, asked.cluster):
            print(f"The engine runs: set HEEDMAP_ENGINE=http://{asked.address}:{asked.port}")
            sys.stdout.flush()
            _until_stopped()
    except HeedmapError as error:
        sys.exit(str(error))


@contextmanager
def running(options: Options, address: str, port: int, cluster: str = "") -> Iterator[None]:
    """The engine, ready for passes within the block.

    Args:
        options: what replicas there are.
        address, port: where it listens.
        cluster: the address of Ray, as `ray.init` takes it; "" starts it on this machine.

    Raises:
        SettingError: Ray cannot be reached, the port is taken, or the replicas do not start.
    """
    serve = _serve()
    _check_port(address, port)
    with connected(cluster, options.replicas * options.threads, _STORE) as ray:
        if not cluster:
            _check_gpus(options.replicas * options.gpus, ray.cluster_resources().get("GPU", 0.0))
        serve.start(http_options={"host": address, "port": port})
        try:
            serve.run(application(options), name=NAME, route_prefix="/")
        except RuntimeError as error:
            raise SettingError(
                "The replicas do not start ({why}): check --ready, and --replicas, --threads and "
                "--gpus against what the cluster has.",
                why=str(error).strip()[:200],
            ) from error
        try:
            yield
        finally:
            serve.delete(NAME)


def _check_port(address: str, port: int) -> None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise SettingError(
                "The engine cannot listen at {address}:{port} ({why}): choose another --address "
                "or --port.",
                address=address, port=port, why=error.strerror or type(error).__name__,
            ) from error  # fmt: skip


def _check_gpus(needed: float, there: float) -> None:
    """Serve would wait for GPUs that never come."""
    if needed > there:
        raise SettingError(
            "These replicas need {needed:g} GPUs and Ray sees {there:g} on this machine: use "
            "fewer --replicas or less --gpus.",
            needed=needed, there=there,
        )  # fmt: skip


def _serve() -> Any:
    try:
        from ray import serve
    except ImportError as error:
        raise SettingError(
            "Ray Serve is not installed: pip install -r requirements-cluster.txt."
        ) from error
    return serve


def _until_stopped() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heedmap engine", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--replicas", type=_count, default=Options.replicas, help="processes (%(default)s)")
    add("--threads", type=_count, default=Options.threads, help="of each (%(default)s)")
    add("--gpus", type=_share, default=Options.gpus, help="that each needs, such as 0.5 (none)")
    add("--ready", action="append", metavar="ID", help="a model to load at the start; repeatable")
    add("--address", default="localhost", help="where to listen; 0.0.0.0 lets others in")
    add("--port", type=_count, default=8600, help="(%(default)s)")
    add("--cluster", default="", help="the address of Ray, or auto (started on this machine)")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _share(text: str) -> float:
    """A number of GPUs, or a part of one."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0, such as 0.5 or 1")
    return number


if __name__ == "__main__":
    main()
