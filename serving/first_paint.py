"""The page that the browser gets first: Streamlit's own, with the app's style and a skip link.

Streamlit's client draws its frame before the script has sent anything. A style that came with the
script would move what already stands.
"""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STYLED = (b"heedmap-styled", b"1")  # tells the script, which would send the style itself
SKIP = '<a class="skip" href="#map">Skip to the map</a>'


def with_style(page: Path, style: Path) -> bytes:
    """An HTML page with a style sheet in its head, and the skip link first in its body."""
    html, css = page.read_text(encoding="utf-8"), style.read_text(encoding="utf-8")
    html = html.replace("<title>Streamlit</title>", "<title>Heedmap</title>")
    html = html.replace("</head>", f"<style>{css}</style></head>", 1)
    return html.replace("<body>", f"<body>{SKIP}", 1).encode()


class FirstPaint:
    """Middleware: answer with `page` wherever the app answers with its HTML page.

    What is below the path `but` has HTML of its own. The socket of a session carries the header
    `STYLED`.
    """

    def __init__(self, app: ASGIApp, page: bytes, but: str = "") -> None:
        self._app, self._page, self._but = app, page, but

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and replace the page in what comes back."""
        if self._but and str(scope.get("path", "")).startswith(f"{self._but}/"):
            await self._app(scope, receive, send)
            return
        replaced = False
        if scope["type"] == "websocket":
            scope = {**scope, "headers": [*scope["headers"], STYLED]}

        async def send_styled(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                replaced = _is_page(message)
                if replaced:
                    _retell(MutableHeaders(scope=message), len(self._page))
            elif replaced:
                if message.get("more_body"):
                    return
                body = b"" if scope.get("method") == "HEAD" else self._page
                message = {"type": "http.response.body", "body": body}
            await send(message)

        await self._app(scope, receive, send_styled)


def _is_page(start: Message) -> bool:
    kind = MutableHeaders(scope=start).get("content-type", "")
    return start["status"] == 200 and kind.startswith("text/html")


def _retell(headers: MutableHeaders, length: int) -> None:
    """Say of the new page what is true: it is not compressed, and its length is another."""
    for name in ("content-encoding", "etag", "last-modified"):
        del headers[name]
    headers["content-length"] = str(length)
