"""What the browser itself keeps from happening: foreign frames and scripts that were slipped in.

That the pages run under the policy, all the other tests here say: a violation is an error in the
console, which fails them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Error, expect

from benchmarks.server import App

BLOCKED = "frame-ancestors"


@pytest.fixture
def elsewhere(app: App) -> Iterator[str]:
    """The URL of another site's page that shows the app in a frame."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{app.url}"></iframe>'.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_another_site_cannot_frame_the_app(browser: Browser, elsewhere: str) -> None:
    tab = browser.new_page()
    with tab.expect_console_message(lambda message: BLOCKED in message.text):
        tab.goto(elsewhere)
    tab.close()


def test_a_script_that_was_slipped_in_does_not_run(browser: Browser, app: App) -> None:
    tab = browser.new_page()
    tab.goto(app.url)
    with pytest.raises(Error, match="Content Security Policy"):
        tab.add_script_tag(content="window.slipped = true")
    assert tab.evaluate("window.slipped") is None
    expect(tab.get_by_test_id("stApp")).to_be_visible()
    tab.close()
