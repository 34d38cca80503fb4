"""How much a visitor may upload: files and bytes in a minute, and bytes held at once.

Streamlit bounds one file (server.maxUploadSize) and keeps each until the visitor removes it or
leaves; without a bound on all of them a single visitor could fill the machine's memory. A visitor
is one session of Streamlit: one window of a browser.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MINUTE = 60.0
MEGABYTE = 1 << 20
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")
_TOO_MANY, _TOO_LARGE = 429, 413


@dataclass(frozen=True)
class Bounds:
    """What one visitor may upload."""

    files: int = 30  # in a minute
    nbytes: int = 100 * MEGABYTE  # in a minute
    held: int = 100 * MEGABYTE  # at once


@dataclass
class _File:
    """An upload of the last minute, with the bytes that have arrived."""

    began: float
    nbytes: int = 0


class Allowance:
    """What each visitor has uploaded in the last minute. For one thread: the event loop's."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self.bounds, self._clock = bounds, clock
        self._recent: dict[str, list[_File]] = {}

    def wait(self, visitor: str, nbytes: int = 0) -> float:
        """Seconds until this visitor may ask again to send a file of `nbytes`; 0: send it now."""
        files = self._last_minute().get(visitor, [])
        room = self.bounds.nbytes - sum(file.nbytes for file in files)
        if not files or (len(files) < self.bounds.files and nbytes <= room):
            return 0.0
        return files[0].began + MINUTE - self._clock()

    def begin(self, visitor: str) -> Callable[[int], bool]:
        """Count one more file; returns what counts its bytes and says whether they still fit."""
        file = _File(self._clock())
        files = self._recent.setdefault(visitor, [])
        files.append(file)

        def arrive(nbytes: int) -> bool:
            file.nbytes += nbytes
            return sum(each.nbytes for each in files) <= self.bounds.nbytes

        return arrive

    def _last_minute(self) -> dict[str, list[_File]]:
        """Forget what is older than a minute, of all visitors."""
        since = self._clock() - MINUTE
        recent = {
            visitor: [file for file in files if file.began > since]
            for visitor, files in self._recent.items()
        }
        self._recent = {visitor: files for visitor, files in recent.items() if files}
        return self._recent


class UploadLimit:
    """Middleware: refuse the uploads that go beyond a visitor's bounds, before they are kept.

    `held` returns the bytes that the server keeps of a visitor's uploads now.
    """

    def __init__(
        self, app: ASGIApp, held: Callable[[str], int], allowance: Allowance | None = None
    ) -> None:
        self._app, self._held = app, held
        self._allowance = allowance or Allowance(Bounds())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its bytes counted, or answer that it is too much."""
        found = _UPLOAD.search(str(scope.get("path", "")))
        if scope["type"] != "http" or scope["method"] != "PUT" or not found:
            await self._app(scope, receive, send)
            return
        visitor, announced = found[1], _announced(scope)
        seconds = self._allowance.wait(visitor, announced)
        if seconds > 0:
            await _too_much(seconds)(scope, receive, send)
        elif self._held(visitor) + announced > self._allowance.bounds.held:
            await PlainTextResponse(FULL, _TOO_LARGE)(scope, receive, send)
        else:
            await self._app(scope, _counted(receive, self._allowance.begin(visitor)), send)


def _counted(receive: Receive, arrive: Callable[[int], bool]) -> Receive:
    """`receive`, ended with an error when the bytes that arrive no longer fit."""

    async def receive_counted() -> Message:
        message = await receive()
        if not arrive(len(message.get("body", b""))):
            raise HTTPException(_TOO_MANY, TOO_MUCH, {"Retry-After": str(int(MINUTE))})
        return message

    return receive_counted


def _announced(scope: Scope) -> int:
    """The length that the request claims, in bytes; 0 where it claims none."""
    text = Headers(scope=scope).get("content-length", "")
    return int(text) if text.isdecimal() else 0


def _too_much(seconds: float) -> PlainTextResponse:
    after = {"Retry-After": str(math.ceil(seconds))}
    return PlainTextResponse(TOO_MUCH, _TOO_MANY, after)


TOO_MUCH = "Too many uploads within a minute: wait a minute and try again.\n"
FULL = "This server keeps no more of your photos at once: remove one and try again.\n"
