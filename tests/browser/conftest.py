"""The real app on a free port and browser windows: one server and one browser for all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from benchmarks import chromium
from benchmarks.server import App, serve
from tests.browser.view import Ears, View

Opener = Callable[..., View]


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
    """The app as `make run` starts it, offline. It needs `browser` so that without one nothing
    is started."""
    with serve(tmp_path_factory.mktemp("app") / "log.txt") as app:
        yield app


@pytest.fixture
def window(app: App, browser: Browser) -> Iterator[Opener]:
    """Open windows, each with its own profile; at the end none may have had an error."""
    ears = Ears(urlsplit(app.url).netloc)
    views: list[View] = []

    def open_window(**context: Any) -> View:
        views.append(View(browser, app.url, ears, **{"viewport": LAPTOP, **context}))
        return views[-1]

    with _nothing_wrong(app, ears):
        yield open_window
        for view in views:
            view.close()


@pytest.fixture(scope="session")
def laptop(app: App, browser: Browser) -> Iterator[View]:
    """A window that stays open: the next page in it costs the processor a third less."""
    view = View(browser, app.url, Ears(urlsplit(app.url).netloc), viewport=LAPTOP)
    yield view
    view.close()


@pytest.fixture
def view(app: App, laptop: View) -> Iterator[View]:
    """A window of a laptop's size, as it is before its first page."""
    with _nothing_wrong(app, laptop.ears):
        yield laptop
        laptop.forget()


@contextmanager
def _nothing_wrong(app: App, ears: Ears) -> Iterator[None]:
    """Neither the browser nor the app may complain within the block."""
    before = len(app.said())
    ears.errors.clear()
    ears.strangers.clear()
    yield
    assert ears.errors == [], "the browser's console holds errors"
    assert ears.strangers == [], "the page spoke to somebody else"
    assert "Traceback" not in app.said(before)


LAPTOP = {"width": 1280, "height": 900}
