"""Decode uploads in worker processes, within limits on time, memory and size.

    photo = open_upload(content)          # (H, W, 3) uint8 RGB, as open_image

A malicious file can keep a decoder busy for minutes or fill the memory. A worker that passes
a limit is killed and replaced, and the error names the limit; the other workers are not affected.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from heedmap.errors import ImageError
from heedmap.viz.photo.picture import Picture
from heedmap.viz.photo.process import Limits, Worker, cannot_start
from heedmap.viz.photo.read import Source, read

_LOG = logging.getLogger("heedmap")


def open_upload(source: Source) -> Picture:
    """Open an uploaded photo: as `open_image`, but decoded in a worker process.

    Thread-safe. Waits while all workers are busy; first come, first served.

    Args:
        source: the bytes of a file, its path, or an open binary file.

    Returns:
        (H, W, 3) uint8, RGB, contiguous; a new array.

    Raises:
        ImageError: as `open_image`, or the file passes a limit (5 s of CPU, 1.5 GB) or breaks its
            decoder.
    """
    return _POOL.open(source)


def start_workers() -> None:
    """Start the workers of `open_upload`, so that the first upload does not wait for them."""
    _POOL.start()


class Pool:
    """Worker processes that decode photos.

    Usable in a `with` statement, which closes it at the end.
    """

    def __init__(self, workers: int | None = None, limits: Limits | None = None) -> None:
        """Prepare a pool; its processes start when they are needed, or by `start`.

        Args:
            workers: how many; one for each CPU core by default, at least 2 and at most 4.
            limits: what one photo may take.
        """
        count = workers or min(4, max(2, os.cpu_count() or 2))
        self._limits = limits or Limits()
        self._idle: list[Worker | None] = [None] * count  # None: not started
        self._busy: set[Worker] = set()
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def open(self, source: Source) -> Picture:
        """Decode a photo; see `open_upload`."""
        data, name = read(source)
        with self._worker() as worker:
            return worker.open(data, name)

    def start(self) -> None:
        """Start the processes that do not run yet, without waiting for them."""
        with self._changed:
            self._idle = [self._alive(worker) for worker in self._idle]

    def close(self) -> None:
        """End all processes; photos that are being decoded are given up."""
        with self._changed:
            self._closed = True
            for worker in self._busy:
                worker.stop()  # the thread that waits for it clears up
            for idle in self._idle:
                if idle:
                    idle.kill()
            self._idle.clear()
            self._changed.notify_all()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _worker(self) -> Iterator[Worker]:
        """Lend a worker; one that was interrupted, or has passed a limit, is replaced."""
        worker = self._take()
        try:
            yield worker
        except ImageError:
            raise
        except BaseException:
            worker.kill()
            raise
        finally:
            self._give_back(worker)

    def _take(self) -> Worker:
        """Wait in the queue for a worker that is free."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                self._changed.wait_for(lambda: self._closed or self._is_next(ticket))
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
            if self._closed:
                raise cannot_start()
            worker = self._alive(self._idle[-1])
            if worker is None:
                raise cannot_start()
            self._idle.pop()
            self._busy.add(worker)
            return worker

    def _is_next(self, ticket: object) -> bool:
        return self._queue[0] is ticket and bool(self._idle)

    def _give_back(self, worker: Worker) -> None:
        with self._changed:
            self._busy.discard(worker)
            if self._closed:
                worker.kill()
            elif worker.is_alive():
                self._idle.append(worker)
            else:
                self._idle.insert(0, self._alive(None))  # behind those that have started
            self._changed.notify_all()

    def _alive(self, worker: Worker | None) -> Worker | None:
        """Return the worker, or a new one in its place; None where no process can be started."""
        if worker and worker.is_alive():
            return worker
        if worker:
            worker.kill()
        try:
            return Worker(self._limits)
        except OSError:
            _LOG.exception("cannot start a process that decodes photos")
            return None


_POOL = Pool()  # starts nothing yet
atexit.register(_POOL.close)
