"""A process that decodes uploads, one after the other; `pool` starts it.

    python -m heedmap.viz.photo.worker SECONDS PATIENCE MEMORY      (standard input is a socket)

It limits itself as `process.Limits` says. The kernel ends it when a photo takes too much time;
a photo that takes too much memory is refused. Limits that the platform lacks are left out.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

from heedmap.errors import ImageError
from heedmap.languages.wire import written
from heedmap.viz.photo.decode import register_heif
from heedmap.viz.photo.image import from_bytes
from heedmap.viz.photo.limits import MAX_PIXELS
from heedmap.viz.photo.wire import DECODED, HEAD, READY, REFUSED, GoneError, receive, send
from PIL import AvifImagePlugin, Image

_THREADS = 4  # of a decoder that can use more than one


def main(seconds: float, patience: float, memory: int) -> None:
    """Decode what the pool sends until the pool is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this
    _warm_up()
    _limit_memory(memory)
    _silence()
    with socket.socket(fileno=sys.stdin.fileno()) as wire:
        try:
            send(wire, READY)
            while True:
                _serve(wire, seconds, patience)
        except GoneError:
            pass


def _serve(wire: socket.socket, seconds: float, patience: float) -> None:
    """Decode one photo."""
    _, *lengths = HEAD.unpack(receive(wire, HEAD.size))
    name, data = (bytes(receive(wire, length)) for length in lengths)
    _limit_time(seconds, patience)
    try:
        photo = from_bytes(data, name.decode())
    except ImageError as error:
        sentence = written(error.sentence).encode()
        answer = HEAD.pack(REFUSED, len(sentence), 0), memoryview(sentence)
    else:
        answer = HEAD.pack(DECODED, *photo.shape[:2]), photo.data.cast("B")
    _limit_time(0, 0)
    send(wire, *answer)


def _warm_up() -> None:
    """Load what the first photo would otherwise wait for, and settle Pillow's own limits."""
    Image.init()
    register_heif()
    # Pillow refuses twice as much, and does so before WebP's decoder reserves its canvases.
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    AvifImagePlugin.DEFAULT_MAX_THREADS = _THREADS  # each takes address space


def _limit_time(seconds: float, patience: float) -> None:
    """End this process so many CPU seconds, or seconds on the clock, from now; 0 lifts the limit.

    Python must not handle these signals: a handler would wait for the decoder to return.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, patience)


def _limit_memory(memory: int) -> None:
    """Let larger allocations fail, write no core dump and no file larger than a photo."""
    try:
        import resource
    except ImportError:
        return
    limits = {"RLIMIT_AS": memory, "RLIMIT_CORE": 0, "RLIMIT_FSIZE": MAX_PIXELS * 3}
    for name, limit in limits.items():
        try:
            hard = resource.getrlimit(getattr(resource, name))[1]
            most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(getattr(resource, name), (most, hard))
        except (AttributeError, OSError, ValueError):
            pass  # macOS has the names of some but not the limits


def _silence() -> None:
    """Send what C libraries print (libtiff does, for each broken file) nowhere."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
