"""Headers that tell the browser what the pages may do, and the check that hides some addresses.

The Content-Security-Policy is the strictest that Streamlit's client runs under; what it still
allows, and why:

- scripts from `blob:`, because Streamlit loads a component's JavaScript from one;
- the one inline script of Streamlit's index.html, by its hash;
- style elements, because its client writes them (style attributes in HTML are not allowed: set
  them from a component's script or use a class);
- pictures and fonts from `data:`, which the pages and Streamlit's icons use;
- the WebSocket by its full address, because not every browser counts it as 'self'.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path

from heedmap.errors import SettingError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
OURS = ("'self'", "'none'")  # frame-ancestors that let no other site in
CORE = "/_stcore/"  # Streamlit's own addresses; of these the browser needs only the following
NEEDED = ("health", "host-config", "stream", "upload_file/", "bidi-components/")

_SOURCE = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:(\d+|\*))?|https:|\*", re.IGNORECASE)
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def frame_ancestors() -> str:
    """The sites that may show the app in a frame, as HEEDMAP_FRAMES lists them.

    Raises:
        SettingError: an entry that is not a site.
    """
    value = os.environ.get("HEEDMAP_FRAMES", "").replace(",", " ").split()
    words = [word.strip("'").lower() for word in value]
    if words in ([], ["self"], ["none"]):
        return f"'{words[0] if words else 'self'}'"
    for word in words:
        if word != "self" and not _SOURCE.fullmatch(word):
            raise SettingError(
                f"HEEDMAP_FRAMES has {word[:80]!r}, which is not a site: write addresses such as "
                "https://example.org, or one of self, none and *."
            )
    return " ".join("'self'" if word == "self" else word for word in words)


def policy(host: str, ancestors: str, scripts: str) -> str:
    """The Content-Security-Policy for a page opened at `host` (name and port).

    `ancestors` is the value of frame-ancestors, `scripts` the hashes of inline scripts.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: {scripts}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "style-src-attr 'none'",
            "img-src 'self' data:",
            "media-src 'self'",
            "font-src 'self' data:",
            f"connect-src 'self' ws://{host} wss://{host}",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {ancestors}",
        )
    )


def inline_scripts(page: Path) -> str:
    """The hashes of the inline scripts of an HTML file, as script-src takes them."""
    found = _SCRIPT.findall(page.read_bytes())
    digests = (base64.b64encode(hashlib.sha256(each).digest()).decode() for each in found)
    return " ".join(f"'sha256-{each}'" for each in digests)


class SafeHeaders:
    """Middleware, behind the check of the host: set the headers on every answer."""

    def __init__(self, app: ASGIApp, ancestors: str, scripts: str) -> None:
        self._app, self._ancestors, self._scripts = app, ancestors, scripts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        said = {**ALWAYS, "Content-Security-Policy": policy(host, self._ancestors, self._scripts)}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(said)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Private:
    """Middleware: of Streamlit's own addresses, answer only those that the browser needs.

    Its metrics, its health check of the script and its interface for programs are not for
    visitors.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer that there is nothing here."""
        _, core, rest = str(scope.get("path", "")).rpartition(CORE)
        if scope["type"] != "http" or not core or rest.startswith(NEEDED):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
