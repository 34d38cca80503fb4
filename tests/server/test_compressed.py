"""Scripts and styles come compressed and are read from the app once; all else passes as it is."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from heedmap.serving.compressed import Compressed
from starlette.types import Receive, Scope, Send

from tests.server.asgi import ask, header, status

SCRIPT = b"const answer = 42;\n" * 200
GZIP = [("accept-encoding", "gzip, br")]


class Files:
    """An app that answers with a script in two pieces; what is named `missing` it has not."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        found = "missing" not in scope["path"]
        told = {"content-type": "text/javascript", "etag": "x", "content-length": str(len(SCRIPT)),
                "cache-control": "immutable"}  # fmt: skip
        headers = [(name.encode(), value.encode()) for name, value in told.items()]
        start = {"type": "http.response.start", "status": 200 if found else 404}
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": SCRIPT[:100], "more_body": True})
        await send({"type": "http.response.body", "body": SCRIPT[100:]})


def body(sent: list[Any]) -> bytes:
    return b"".join(message["body"] for message in sent[1:])


def test_a_script_is_compressed_once_and_told_truly() -> None:
    files = Files()
    app = Compressed(files)
    for _ in range(3):
        sent = ask(app, "/static/js/index.js", headers=GZIP)
        assert gzip.decompress(body(sent)) == SCRIPT
        assert header(sent, "content-encoding") == "gzip"
        assert header(sent, "content-length") == str(len(body(sent))) != str(len(SCRIPT))
        assert header(sent, "vary") == "Accept-Encoding"
        assert header(sent, "cache-control") == "immutable"
        assert header(sent, "etag") == ""
    assert files.asked == 1


@pytest.mark.parametrize(
    ("path", "headers", "method"),
    [
        ("/static/js/index.js", [], "GET"),  # a browser that takes no gzip
        ("/static/js/index.js", [*GZIP, ("range", "bytes=0-9")], "GET"),
        ("/static/js/index.js", [*GZIP, ("if-none-match", "x")], "GET"),
        ("/static/js/index.js", GZIP, "HEAD"),
        ("/static/media/font.woff2", GZIP, "GET"),
        ("/media/photo.js", GZIP, "GET"),
    ],
)
def test_all_else_passes(path: str, headers: list[tuple[str, str]], method: str) -> None:
    sent = ask(Compressed(Files()), path, headers=headers, method=method)
    assert body(sent) == SCRIPT
    assert header(sent, "content-encoding") == ""
    assert header(sent, "etag") == "x"


def test_what_is_not_found_is_not_kept() -> None:
    files = Files()
    app = Compressed(files)
    for _ in range(2):
        sent = ask(app, "/static/js/missing.js", headers=GZIP)
        assert status(sent) == 404
        assert body(sent) == SCRIPT
    assert files.asked == 2
