"""How the server ends: on SIGTERM or Ctrl-C, with exit code 0, within seconds, without a traceback.

Uvicorn closes the connections and then raises the signal a second time, which ends the process
with the signal's own code, or with KeyboardInterrupt. A forward pass or a download that is still
running could also hold up the end, or be torn down with the interpreter while it is in native
code. So the process runs its exit hooks and leaves at once when the connections are closed, and
after GRACE seconds in any case.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from uvicorn import Server

GRACE = 3.0  # seconds
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def clean_end() -> Iterator[None]:
    """Within it, a signal ends the server cleanly, and leaving it after one ends the process.

    Only where Uvicorn runs in the main thread and handles the signals; elsewhere this does nothing.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if not isinstance(server, Server):
        yield
        return
    asked = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        server.should_exit = True
        if not asked.is_set():
            asked.set()
            _leave_after(GRACE)

    for number in SIGNALS:
        signal.signal(number, stop)
    yield
    if asked.is_set():
        _leave()


def _leave_after(seconds: float) -> None:
    """Leave after so many seconds, even if something is still running."""
    timer = threading.Timer(seconds, _leave, kwargs={"hooks": False})
    timer.daemon = True
    timer.start()


def _leave(*, hooks: bool = True) -> None:
    """End the process now with exit code 0, and its child processes with it."""
    for child in multiprocessing.active_children():
        child.terminate()
    if hooks:
        atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
