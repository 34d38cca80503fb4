"""How many sessions at once: in all, and from one address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from heedmap.errors import SettingError
from heedmap.serving.sessions import Bounds, SessionLimit, from_environment
from starlette.types import Message, Receive, Scope, Send

from tests.server.asgi import PASSED, Inside

STREAM = "/_stcore/stream"


class Door:
    """A limit before an app that keeps a session until it is told to end."""

    def __init__(self, in_all: int = 4, from_one: int = 2) -> None:
        self.limit = SessionLimit(self.app, Bounds(in_all, from_one))

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await receive()
        else:
            await Inside()(scope, receive, send)

    @asynccontextmanager
    async def session(self, address: str) -> AsyncIterator[bool]:
        """One window; whether it was let in."""
        answered: asyncio.Queue[Message] = asyncio.Queue()
        leave: asyncio.Queue[Message] = asyncio.Queue()
        scope = {"type": "websocket", "path": STREAM, "client": (address, 1), "headers": []}
        task = asyncio.create_task(self.limit(scope, leave.get, answered.put))
        yield (await answered.get())["type"] == "websocket.accept"
        leave.put_nowait({"type": "websocket.disconnect"})
        await task

    async def visit(
        self, address: str, path: str = "/", accept: str = "text/html"
    ) -> list[Message]:
        """What a browser gets that asks for something over HTTP."""
        sent: list[Message] = []
        scope = {
            "type": "http", "method": "GET", "path": path, "client": (address, 1),
            "headers": [(b"accept", accept.encode())],
        }  # fmt: skip

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.limit(scope, receive, send)
        return sent


async def opened(door: Door, *addresses: str) -> list[bool]:
    """Whether each session is let in while those before it are there."""
    async with AsyncExitStack() as stack:
        return [await stack.enter_async_context(door.session(each)) for each in addresses]


@pytest.mark.parametrize(
    ("addresses", "let_in"),
    [
        (["1.1.1.1", "1.1.1.1", "1.1.1.1"], [True, True, False]),
        (["1.1.1.1", "1.1.1.1", "2.2.2.2", "::ffff:1.1.1.1"], [True, True, True, False]),
        (["2001:db8::1", "2001:db8::2", "2001:db8::3"], [True, True, False]),
        (["2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:3::1"], [True] * 3),
        ([f"1.1.1.{i}" for i in range(5)], [True] * 4 + [False]),
        (["127.0.0.1"] * 5, [True] * 4 + [False]),  # a proxy's address says nothing of the visitor
    ],
)
def test_sessions_are_bounded_from_one_address_and_in_all(
    addresses: list[str], let_in: list[bool]
) -> None:
    assert asyncio.run(opened(Door(), *addresses)) == let_in


def test_who_leaves_makes_room_and_is_forgotten() -> None:
    door = Door(1)

    async def come() -> None:
        for address in ("1.1.1.1", "1.1.1.1", "2.2.2.2"):
            async with door.session(address) as let_in:
                assert let_in
        assert not door.limit._open

    asyncio.run(come())


def test_a_session_that_fails_makes_room() -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    limit = SessionLimit(fail, Bounds(1, 1))
    scope = {"type": "websocket", "path": STREAM, "client": ("1.1.1.1", 1), "headers": []}
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(limit(scope, fail, fail))


@pytest.mark.parametrize(
    ("door", "address", "sentence"),
    [
        (Door(1, 1), "2.2.2.2", b"All places of this server are taken (it has 1): wait"),
        (
            Door(9, 1),
            "1.1.1.1",
            b"Too many windows are open from your address (the limit is 1)",
        ),
    ],
)
def test_who_finds_no_room_reads_why_and_the_page_asks_again(
    door: Door, address: str, sentence: bytes
) -> None:
    async def come() -> None:
        async with door.session("1.1.1.1"):
            start, body = await door.visit(address)
            assert start["status"] == 503
            assert (b"refresh", b"10") in start["headers"]
            assert body["body"].startswith(sentence)
            part, _ = await door.visit(address, "/static/app.js", "*/*")
            assert part["status"] == PASSED, "what an open page needs is not refused"
        again, _ = await door.visit(address)
        assert again["status"] == PASSED

    asyncio.run(come())


@pytest.mark.parametrize(
    ("value", "bounds"),
    [("", Bounds(300, 60)), ("20", Bounds(20, 20)), ("200", Bounds(200, 60)),
     (" 200 , 5 ", Bounds(200, 5))],
)  # fmt: skip
def test_the_host_sets_the_bounds(
    value: str, bounds: Bounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEEDMAP_SESSIONS", value)
    assert from_environment() == bounds


@pytest.mark.parametrize("value", ["0", "-1", "many", "10,0", "1,2,3", "1.5", "²", "99999999"])
def test_a_wrong_number_is_said(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_SESSIONS", value)
    with pytest.raises(SettingError, match=r"HEEDMAP_SESSIONS=.* is not a number of sessions"):
        from_environment()
