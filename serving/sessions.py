"""How many sessions there are at once: in all, and from one address.

A session is one window of a browser, with a WebSocket of its own. The machine is shared out over
sessions (`views/turns.py`), and each takes memory, so without a bound one person with many windows
could take it from all others. Who comes when there is no room gets one sentence in place of the
page, which asks again by itself.

    HEEDMAP_SESSIONS   sessions at once in all, and after a comma from one address: "200, 20".
                       Default: "300, 60".
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections import Counter
from dataclasses import dataclass

from heedmap.errors import SettingError
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

AGAIN = 10  # seconds until the page asks again
_STREAM = "/_stcore/stream"
_UNAVAILABLE = 503


@dataclass(frozen=True)
class Bounds:
    """How many sessions at once."""

    in_all: int = 300
    from_one: int = 60


def from_environment() -> Bounds:
    """What HEEDMAP_SESSIONS says.

    Raises:
        SettingError: not one or two whole numbers above 0.
    """
    value = os.environ.get("HEEDMAP_SESSIONS", "").strip()
    if not value:
        return Bounds()
    found = re.fullmatch(r"([1-9]\d{0,5})(?:\s*,\s*([1-9]\d{0,5}))?", value, re.ASCII)
    if not found:
        raise SettingError(
            f"HEEDMAP_SESSIONS={value[:20]!r} is not a number of sessions: set it to how many "
            "there may be in all and from one address, such as '200, 20'."
        )
    in_all = int(found[1])
    return Bounds(in_all, int(found[2] or min(in_all, Bounds.from_one)))


class SessionLimit:
    """Middleware: refuse the sessions beyond the bounds. For one thread: the event loop's."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self._app, self._bounds = app, bounds
        self._open: Counter[str] = Counter()  # address -> sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, a session counted until it ends, or say that there is no room."""
        session = scope["type"] == "websocket" and str(scope.get("path", "")).endswith(_STREAM)
        came_from = _address(scope)
        refused = self._refuse(came_from) if session or _is_visit(scope) else ""
        if refused and session:
            await send({"type": "websocket.close", "code": 1013, "reason": ""})
        elif refused:
            again = {"Refresh": str(AGAIN), "Retry-After": str(AGAIN)}
            await PlainTextResponse(refused, _UNAVAILABLE, again)(scope, receive, send)
        elif session:
            await self._count(came_from, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _count(self, came_from: str, scope: Scope, receive: Receive, send: Send) -> None:
        self._open[came_from] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[came_from] -= 1
            self._open += Counter()  # forget those with none

    def _refuse(self, came_from: str) -> str:
        """Why there is no room for one more session from an address, "" where there is."""
        bounds = self._bounds
        if self._open.total() >= bounds.in_all:
            return (
                f"All places of this server are taken (it has {bounds.in_all}): wait, this page "
                f"asks again every {AGAIN} s.\n"
            )
        if came_from and self._open[came_from] >= bounds.from_one:
            return (
                f"Too many windows are open from your address (the limit is {bounds.from_one}): "
                f"close one, this page asks again every {AGAIN} s.\n"
            )
        return ""


def _is_visit(scope: Scope) -> bool:
    """Whether a browser asks for a page to show, rather than for one of its parts."""
    page = scope["type"] == "http" and scope["method"] == "GET"
    return page and "text/html" in Headers(scope=scope).get("accept", "")


def _address(scope: Scope) -> str:
    """Where a request comes from; of IPv6 the network, "" for this machine (or its proxy)."""
    try:
        address = ipaddress.ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return ""
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
