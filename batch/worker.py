"""A worker that is a process of this machine; `local` starts it.

    python -m heedmap.batch.worker NUMBER          (the number of an open socket)

It gets a `Plan` and answers `Ready`, or `Refused` and ends; then lists of photos, of which it
tells the `Progress` and, once their part is written, `Done`. When the socket closes it ends at
once, whatever it is doing: then the run is gone.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection

from heedmap.batch.find import Photo
from heedmap.batch.job import Plan
from heedmap.batch.messages import Done, Progress, Ready, Refused
from heedmap.batch.work import Work
from heedmap.errors import HeedmapError


def main(wire: Connection) -> None:
    """Map the photos that come until the socket closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which ends this
    plan: Plan = wire.recv()
    tasks: queue.SimpleQueue[list[Photo]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(wire, tasks), daemon=True).start()
    try:
        work = Work(plan)
        wire.send(Ready())
        while True:
            wire.send(Done(work.do(tasks.get(), lambda count: wire.send(Progress(count)))))
    except HeedmapError as error:
        wire.send(Refused(str(error)))
    except BrokenPipeError:
        pass  # `_listen` hears of it too


def _listen(wire: Connection, tasks: queue.SimpleQueue[list[Photo]]) -> None:
    try:
        while True:
            tasks.put(wire.recv())
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
