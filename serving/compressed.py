"""Streamlit's scripts and styles, compressed once each and kept.

Streamlit sends them as they are, since it would compress them anew for every visitor. A first visit
takes 3 MB of them, a third of that compressed; a browser keeps them for a year.
"""

from __future__ import annotations

import gzip

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = "/static/"
KINDS = (".js", ".css")
OF_THE_FILE = (b"content-length", b"etag", b"last-modified", b"accept-ranges")  # as it lies there


class Compressed:
    """Middleware: answer for files of `FOLDER` from memory, to browsers that take gzip."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not such a file, and what was not found."""
        if not _fits(scope):
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        answer = self._kept.get(path)
        if answer is None:
            answer = await _asked(self._app, scope, receive)
            if answer.status_code == 200:
                answer = await to_thread.run_sync(_compressed, answer)
                self._kept[path] = answer
        await answer(scope, receive, send)


def _fits(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path, asked = str(scope["path"]), Headers(scope=scope)
    in_parts = "range" in asked or "if-none-match" in asked or "if-modified-since" in asked
    compressible = path.startswith(FOLDER) and path.endswith(KINDS)
    return compressible and not in_parts and "gzip" in asked.get("accept-encoding", "")


async def _asked(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """The whole answer of an app."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    head, *parts = messages
    answer = Response(b"".join(part.get("body", b"") for part in parts), head["status"])
    answer.raw_headers = list(head["headers"])
    return answer


def _compressed(answer: Response) -> Response:
    """The same file for a browser that takes gzip, told truly in its headers."""
    made = Response(gzip.compress(answer.body))
    kept = [(key, value) for key, value in answer.raw_headers if key.lower() not in OF_THE_FILE]
    made.raw_headers = [*kept, (b"content-length", str(len(made.body)).encode())]
    made.headers["content-encoding"] = "gzip"
    made.headers.add_vary_header("Accept-Encoding")
    return made
