"""How much a visitor may upload: files and bytes in a minute, and bytes held at once.

Streamlit bounds one file (server.maxUploadSize) and keeps each until the visitor removes it or
leaves; without a bound on all of them a single visitor could fill the machine's memory. A visitor
is one session of Streamlit: one window of a browser.

Streamlit's uploader shows "AxiosError: Request failed with status code 429" for a refusal, and the
page is not run. So a file that is refused is answered with 202 (taken note of, nothing kept): then
the page runs, finds no file, and shows the sentence that was left for it.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from heedmap.languages import Phrase
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MINUTE = 60.0
MEGABYTE = 1 << 20
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")
_NOTED, _TOO_MANY, _TOO_LARGE = 202, 429, 413
_LARGEST = 32 * MEGABYTE  # of a file that a page sends; the host permits less


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

    `held` returns the bytes that the server keeps of a visitor's uploads now; `tell` is given the
    visitor and the sentence that says why a file was refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        held: Callable[[str], int],
        tell: Callable[[str, str], object],
        allowance: Allowance | None = None,
    ) -> None:
        self._app, self._held, self._tell = app, held, tell
        self._allowance = allowance or Allowance(Bounds())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its bytes counted, or refuse it."""
        found = _UPLOAD.search(str(scope.get("path", "")))
        if scope["type"] != "http" or scope["method"] != "PUT" or not found:
            await self._app(scope, receive, send)
            return
        visitor, announced = found[1], _announced(scope)
        if announced > _LARGEST:
            await PlainTextResponse("The file is too large.\n", _TOO_LARGE)(scope, receive, send)
        elif refused := self._refuse(visitor, announced):
            self._tell(visitor, refused)
            await _drop(receive)
            await PlainTextResponse(f"{refused}\n", _NOTED)(scope, receive, send)
        else:
            await self._app(scope, _counted(receive, self._allowance.begin(visitor)), send)

    def _refuse(self, visitor: str, nbytes: int) -> str:
        """Why a file of this visitor is not taken, "" where it is."""
        bounds = self._allowance.bounds
        seconds = self._allowance.wait(visitor, nbytes)
        if seconds > 0:
            return Phrase(
                "This photo was not taken, because a visitor may send {files} files and {size} in "
                "a minute: choose it again in {seconds} s.",
                files=bounds.files,
                size=_megabytes(bounds.nbytes),
                seconds=math.ceil(seconds),
            )
        if self._held(visitor) + nbytes > bounds.held:
            return Phrase(
                "This photo was not taken, because this server keeps {size} of your photos at "
                "once: reload the page and choose it again.",
                size=_megabytes(bounds.held),
            )
        return ""


def _counted(receive: Receive, arrive: Callable[[int], bool]) -> Receive:
    """`receive`, ended with an error when bytes that were not announced no longer fit."""

    async def receive_counted() -> Message:
        message = await receive()
        if not arrive(len(message.get("body", b""))):
            after = {"Retry-After": str(int(MINUTE))}
            raise HTTPException(_TOO_MANY, "Too many uploads: wait a minute.", after)
        return message

    return receive_counted


async def _drop(receive: Receive) -> None:
    """Read a request to its end and keep nothing: a browser listens only after it has sent all."""
    while (await receive()).get("more_body", False):
        pass


def _announced(scope: Scope) -> int:
    """The length that the request claims, in bytes; 0 where it claims none."""
    text = Headers(scope=scope).get("content-length", "")
    return int(text) if text.isdecimal() else 0


def _megabytes(nbytes: int) -> str:
    return f"{nbytes / MEGABYTE:g} MB"
