"""One worker process, as the pool sees it: started, used, and killed when it passes a limit."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
from heedmap.errors import ImageError
from heedmap.languages.wire import read
from heedmap.viz.photo.limits import MAX_PIXELS
from heedmap.viz.photo.picture import Picture
from heedmap.viz.photo.wire import (
    DECODED,
    HEAD,
    PHOTO,
    READY,
    REFUSED,
    GoneError,
    receive,
    receive_into,
    send,
)

_LONGEST_SENTENCE = 2000  # bytes
_START = 60.0  # seconds that a worker may take to start, on a machine that is busy
# How a process ends that has used up its time: minus the signal, as `Popen.returncode` has it.
_OUT_OF_TIME = {-int(getattr(signal, name, 0)) for name in ("SIGPROF", "SIGALRM")} - {0}


@dataclass(frozen=True)
class Limits:
    """What one photo may take.

    Attributes:
        seconds: CPU time.
        patience: seconds on the clock, more than CPU time because the machine may be busy.
        memory: bytes of address space of the worker, of which it needs about 0.2 GB itself.
    """

    seconds: float = 5.0
    patience: float = 20.0
    memory: int = 1_500_000_000


class Worker:
    """A process that decodes one photo at a time. Not thread-safe: the pool lends it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._started = False
        self._wire, theirs = socket.socketpair()
        numbers = (limits.seconds, limits.patience, limits.memory)
        try:
            # A fresh interpreter: it holds no models and no threads, and imports no page again.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "heedmap.viz.photo.worker", *map(str, numbers)],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=_environment(),
            )  # fmt: skip
        except OSError:
            self._wire.close()
            raise
        finally:
            theirs.close()

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def wait_until_started(self) -> None:
        """Wait until the process can decode.

        Raises:
            ImageError: it does not start.
        """
        if self._started:
            return
        try:
            receive(self._wire, len(READY), time.monotonic() + _START)
        except (GoneError, TimeoutError):
            self.kill()
            raise cannot_start() from None
        self._started = True

    def open(self, data: bytes, name: str) -> Picture:
        """Decode a photo; see `image.from_bytes`. After any error `is_alive` tells the state.

        Raises:
            ImageError: the photo is refused, passes a limit or breaks the decoder.
        """
        self.wait_until_started()
        deadline = time.monotonic() + self._limits.patience + 1  # the worker ends itself before
        try:
            return self._ask(data, name.encode(errors="replace"), deadline)
        except TimeoutError:
            self.kill()
            raise self._too_slow(name) from None
        except GoneError:
            raise self._why_it_ended(name, len(data)) from None

    def stop(self) -> None:
        """End the process now; another thread may be waiting for its answer."""
        self._process.kill()

    def kill(self) -> None:
        """End the process now, and leave nothing of it behind."""
        self._process.kill()
        self._process.wait()
        self._wire.close()

    def _ask(self, data: bytes, name: bytes, deadline: float) -> Picture:
        self._wire.settimeout(self._limits.patience)
        send(self._wire, HEAD.pack(PHOTO, len(name), len(data)), name, data)
        kind, *sizes = HEAD.unpack(receive(self._wire, HEAD.size, deadline))
        if kind == DECODED and math.prod(sizes) <= MAX_PIXELS:
            photo = np.empty((*sizes, 3), np.uint8)
            receive_into(self._wire, photo.data.cast("B"), deadline)
            return photo
        if kind == REFUSED and sizes[0] <= _LONGEST_SENTENCE:
            text = receive(self._wire, sizes[0], deadline).decode(errors="replace")
            raise ImageError(read(text))
        raise GoneError  # no valid answer is that large: the worker is broken

    def _why_it_ended(self, name: str, size: int) -> ImageError:
        self._wire.close()
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.kill()
            code = 0
        if code in _OUT_OF_TIME:
            return self._too_slow(name)
        return ImageError(
            "{name} ({size:,} bytes) made the decoder crash: it is damaged, or takes more than "
            "{memory:g} GB of memory, so save it again as JPEG.",
            name=name,
            size=size,
            memory=self._limits.memory / 1e9,
        )

    def _too_slow(self, name: str) -> ImageError:
        return ImageError(
            "{name} takes more than {seconds:g} s to decode, which is the limit: save it again "
            "as JPEG, or make it smaller.",
            name=name,
            seconds=self._limits.seconds,
        )


def cannot_start() -> ImageError:
    """Return the error for a server that cannot decode anything."""
    return ImageError(
        "No photo can be decoded on this server right now: try again, or choose a sample photo."
    )


def _environment() -> dict[str, str]:
    """The server's environment, set to use little address space for threads."""
    few = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **few}
