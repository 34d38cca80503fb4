"""Requests to a middleware without a network: what it answers, and what it passes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from starlette.types import Message, Receive, Scope, Send

PASSED = 200


class Inside:
    """The app behind a middleware: answers 200 and remembers what reached it."""

    def __init__(self) -> None:
        self.reached: list[Scope] = []
        self.body = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.append(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        more = True
        while more:
            message = await receive()
            self.body += message["body"]
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": PASSED, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})


def ask(
    app: Any,
    path: str = "/",
    *,
    headers: Iterable[tuple[str, str]] = (("host", "localhost:8501"),),
    method: str = "GET",
    kind: str = "http",
    server: tuple[str, int] = ("127.0.0.1", 8501),
    body: Iterable[bytes] = (b"",),
) -> list[Message]:
    """Send one request, its body in pieces; returns every message that came back."""
    pieces = list(body)
    sent: list[Message] = []
    scope = {
        "type": kind, "method": method, "path": path, "server": server,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }  # fmt: skip

    async def receive() -> Message:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def status(sent: list[Message]) -> int:
    return int(sent[0]["status"])


def header(sent: list[Message], name: str) -> str:
    found = {key.decode().lower(): value.decode() for key, value in sent[0]["headers"]}
    return found.get(name.lower(), "")


def text(sent: list[Message]) -> str:
    return b"".join(message["body"] for message in sent[1:]).decode()
