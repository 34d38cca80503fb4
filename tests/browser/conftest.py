"""The real app on a free port, and real windows onto it; one server and one browser for all."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.view import Ears, View

ROOT = Path(__file__).parent.parent.parent
STARTS_WITHIN = 60  # seconds

Opener = Callable[..., View]


class App:
    """The running app: its address, and what it has written to its log."""

    def __init__(self, url: str, log: Path) -> None:
        self.url, self.log = url, log

    def said(self, since: int = 0) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[since:]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one the tests are skipped, or fail under HEEDMAP_REQUIRE_BROWSER."""
    path = chromium.find()
    if path is None:
        refuse = pytest.fail if os.environ.get("HEEDMAP_REQUIRE_BROWSER") else pytest.skip
        refuse(chromium.missing())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def app(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app as `make run` starts it, cut off from the hub. (The browser comes first: without
    one there is nothing to start.)"""
    port = free_port()
    log = tmp_path_factory.mktemp("app") / "log.txt"
    command = [
        *(sys.executable, "-m", "streamlit", "run", "app.py"),
        *("--server.headless=true", "--server.address=localhost", f"--server.port={port}"),
    ]
    with log.open("wb") as out:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    app = App(f"http://localhost:{port}", log)
    try:
        wait_for_health(app, server)
        yield app
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture
def window(app: App, browser: Browser) -> Iterator[Opener]:
    """Open windows, each a profile of its own; at the end nothing may have gone wrong in any."""
    ears = Ears(urlsplit(app.url).netloc)
    before = len(app.said())
    views: list[View] = []

    def open_window(**context: Any) -> View:
        views.append(View(browser, app.url, ears, **{"viewport": LAPTOP, **context}))
        return views[-1]

    yield open_window
    for view in views:
        view.close()
    assert ears.errors == [], "the browser's console holds errors"
    assert ears.strangers == [], "the page spoke to somebody else"
    assert "Traceback" not in app.said(before)


@pytest.fixture
def view(window: Opener) -> View:
    """One window of a laptop."""
    return window()


LAPTOP = {"width": 1280, "height": 900}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_health(app: App, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{app.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)  # between two questions; nothing is taken for granted after it
    pytest.fail(f"The app did not come up:\n{app.said()}")
