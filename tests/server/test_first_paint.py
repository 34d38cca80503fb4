"""The first page carries the app's style and the skip link; everything else passes as it is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from heedmap.serving.first_paint import FirstPaint, with_style

from tests.server.asgi import ask, header, text


class Answer:
    """An app that answers everything with one body, in two pieces."""

    def __init__(self, status: int, kind: str) -> None:
        self.status, self.kind = status, kind

    async def __call__(self, scope, receive, send) -> None:
        told = [("content-type", self.kind), ("etag", "x"), ("content-length", "6")]
        headers = [(name.encode(), value.encode()) for name, value in told]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"old", "more_body": True})
        await send({"type": "http.response.body", "body": b"old"})


def test_the_page_is_replaced_and_its_headers_are_true() -> None:
    sent = ask(FirstPaint(Answer(200, "text/html; charset=utf-8"), b"styled page"))
    assert text(sent) == "styled page"
    assert header(sent, "content-length") == "11"
    assert header(sent, "etag") == ""
    sent = ask(FirstPaint(Answer(200, "text/html"), b"styled page"), method="HEAD")
    assert text(sent) == ""


@pytest.mark.parametrize(("status", "kind"), [(200, "text/javascript"), (404, "text/html")])
def test_what_is_not_the_page_passes(status: int, kind: str) -> None:
    sent = ask(FirstPaint(Answer(status, kind), b"styled page"))
    assert text(sent) == "oldold"
    assert header(sent, "etag") == "x"


def test_what_has_html_of_its_own_keeps_it() -> None:
    app = FirstPaint(Answer(200, "text/html"), b"styled page", "/api")
    assert text(ask(app, "/api/v1/docs")) == "oldold"
    assert text(ask(app, "/apiary")) == "styled page"


def test_streamlits_page_has_a_place_for_both(tmp_path: Path) -> None:
    from heedmap import private

    style = tmp_path / "style.css"
    style.write_text("p { color: red }")
    page = with_style(private.index_page(), style).decode()
    assert "<style>p { color: red }</style></head>" in page
    assert '<body><a class="skip" href="#map">' in page
    assert "<title>Heedmap</title>" in page


def test_the_script_is_told_that_the_style_is_there() -> None:
    told = []

    async def app(scope, receive, send) -> None:
        told.extend(scope["headers"])

    scope = {"type": "websocket", "headers": [(b"host", b"here")]}
    asyncio.run(FirstPaint(app, b"page")(scope, None, None))
    assert told == [(b"host", b"here"), (b"heedmap-styled", b"1")]
    assert len(scope["headers"]) == 1
