"""Which host names the server answers to, and which pages may call it.

A page of another site can reach a server on localhost by DNS rebinding: its own name suddenly
resolves to 127.0.0.1. The browser still sends that name as `Host`, so a name that the server does
not know is refused, for HTTP and for the WebSocket, before anything else runs.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from heedmap.errors import SettingError
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ANYWHERE = frozenset({"", "0.0.0.0", "::"})  # bound to every address of the machine

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_FORBIDDEN, _MISDIRECTED = 403, 421


@dataclass(frozen=True)
class Hosts:
    """The host names that the server answers to; `*.name` stands for the subdomains of `name`."""

    names: frozenset[str]

    def know(self, host: str) -> bool:
        """Whether the server answers to this name or IP address (without a port)."""
        parents = (f"*.{parent}" for parent in _parents(host))
        return bool(self.names & {host, "*", *parents})


def from_environment(bound: str | None = None) -> Hosts:
    """Loopback, the address that the server is `bound` to, and what HEEDMAP_HOSTS lists.

    Raises:
        SettingError: an entry of HEEDMAP_HOSTS that is not a host name.
    """
    listed = [name for name in re.split(r"[,\s]+", os.environ.get("HEEDMAP_HOSTS", "")) if name]
    names = {_checked(name) for name in listed}
    return Hosts(LOOPBACK | names | ({(bound or "").lower()} - ANYWHERE))


class HostCheck:
    """Middleware: refuse requests for another host, and those that another site's page sends."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with the reason; a WebSocket is closed with 403."""
        refused = self._refuse(scope) if scope["type"] in ("http", "websocket") else None
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await refused(scope, receive, send)

    def _refuse(self, scope: Scope) -> PlainTextResponse | None:
        """The answer to a request that does not belong here, None for one that does."""
        headers = Headers(scope=scope)
        sent = headers.getlist("host")
        host = host_name(sent[0]) if len(sent) == 1 else None
        if host is None or not (self._hosts.know(host) or host == _reached(scope)):
            return PlainTextResponse(_unknown(host), _MISDIRECTED)
        if not all(_same(origin, sent[0]) for origin in headers.getlist("origin")):
            return PlainTextResponse(_FOREIGN, _FORBIDDEN)
        return None


def host_name(header: str) -> str | None:
    """The name or IP address in a `Host` header, in lower case, None where it is malformed."""
    text = header.lower()
    try:
        parts = urlsplit(f"//{text}")
        _ = parts.port  # raises where it is not a port
    except ValueError:
        return None
    name = parts.hostname
    if name is None or parts.netloc != text or "@" in text:
        return None
    name = name.removesuffix(".")
    return name if _is_address(name) or _is_name(name) else None


def _same(origin: str, host: str) -> bool:
    """Whether a page's origin is this server, as the browser names it: host and port."""
    return urlsplit(origin).netloc.lower() == host.lower()


def _reached(scope: Scope) -> str | None:
    """The machine's own address that this connection came in at."""
    server = scope.get("server")
    if not server or not _is_address(server[0]):
        return None
    address = ipaddress.ip_address(server[0])
    return str(getattr(address, "ipv4_mapped", None) or address)


def _checked(name: str) -> str:
    """An entry of HEEDMAP_HOSTS as it is compared."""
    found = name.lower().removeprefix("[").removesuffix("]")
    if not (found == "*" or _is_address(found) or _is_name(found.removeprefix("*."))):
        raise SettingError(
            f"HEEDMAP_HOSTS has {name[:80]!r}, which is not a host name: write names without "
            "https:// and port, such as heedmap.example.org or *.example.org."
        )
    return found


def _parents(host: str) -> list[str]:
    """`a.b.org` -> `b.org`, `org`; an IP address has none."""
    labels = [] if _is_address(host) else host.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels))]


def _is_name(text: str) -> bool:
    return len(text) <= 253 and _NAME.fullmatch(text) is not None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _unknown(host: str | None) -> str:
    if host is None:
        return "This request names no valid host.\n"
    return (
        f"This server does not answer to the name {host}: open it under a name that it knows, or "
        f"add {host} to HEEDMAP_HOSTS where it was started.\n"
    )


_FOREIGN = (
    "This request comes from a page of another site: open the app itself. (A proxy in front of "
    "the app has to pass the Host header on as it is.)\n"
)
