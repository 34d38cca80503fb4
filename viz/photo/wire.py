"""How the pool and its workers talk, over one socket for each worker.

worker -> pool    READY, once, when it can decode
pool -> worker    HEAD (PHOTO, length of the name, length of the file), name, file
worker -> pool    HEAD (DECODED, height, width), height * width * 3 bytes
               or HEAD (REFUSED, length of the sentence, 0), sentence
"""

from __future__ import annotations

import socket
import struct
import time

HEAD = struct.Struct(">BII")
READY = b"\x01"
PHOTO, DECODED, REFUSED = range(3)


class GoneError(Exception):
    """The other side is gone."""


def send(wire: socket.socket, *parts: bytes | bytearray | memoryview) -> None:
    """Send all the parts; raise `GoneError` or `TimeoutError` where that fails."""
    try:
        for part in parts:
            wire.sendall(part)
    except TimeoutError:
        raise
    except OSError:
        raise GoneError from None


def receive(wire: socket.socket, size: int, deadline: float | None = None) -> bytearray:
    """Return exactly `size` bytes; see `receive_into`."""
    place = bytearray(size)
    receive_into(wire, memoryview(place), deadline)
    return place


def receive_into(wire: socket.socket, place: memoryview, deadline: float | None = None) -> None:
    """Fill `place` with the bytes that come.

    Args:
        wire: the socket.
        place: what to fill, as bytes.
        deadline: on the clock of `time.monotonic`; None waits for ever.

    Raises:
        GoneError: the other side is gone.
        TimeoutError: the deadline has passed.
    """
    while place:
        if deadline is not None:
            wire.settimeout(max(deadline - time.monotonic(), 1e-3))
        try:
            count = wire.recv_into(place)
        except TimeoutError:
            raise
        except OSError:
            raise GoneError from None
        if not count:
            raise GoneError
        place = place[count:]
