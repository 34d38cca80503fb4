"""A view is its URL: a copied link shows the same in somebody else's window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from benchmarks.server import App, serve
from tests import s3
from tests.browser.conftest import Opener
from tests.browser.test_photos import photo
from tests.browser.view import Ears, View

VIEWS = {
    "vit": ("", {"photo": "coffee", "layer": 1, "head": 2, "colors": "magma", "view": "contour"}),
    "clip": ("clip", {"photo": "astronaut", "colors": "jet", "opacity": 80}),
    "cnn": ("cnn", {"photo": "rocket", "k": 2, "interp": "nearest"}),
}


@pytest.mark.parametrize(("page", "settings"), VIEWS.values(), ids=VIEWS)
def test_a_copied_link_shows_the_same_to_somebody_else(
    window: Opener, page: str, settings: dict[str, object]
) -> None:
    mine = window().open(page, **settings)
    link = mine.copy_link()
    for name, value in settings.items():
        assert f"{name}={value}" in link
    theirs = window().go(link)
    assert theirs.pictures() == mine.pictures()
    asked = parse_qs(urlsplit(theirs.tab.url).query)
    assert {**asked, "v": [version("heedmap")]} == parse_qs(urlsplit(link).query)
    expect(theirs.alert()).to_have_count(0)


@pytest.fixture
def servers(browser: Browser, tmp_path: Path) -> Iterator[tuple[App, App]]:
    """Two servers that share nothing but a bucket; the first may be killed."""
    with s3.loopback() as env:
        env["HEEDMAP_STORE"] = f"s3://{s3.BUCKET}/shared"
        with serve(tmp_path / "1.txt", **env) as one, serve(tmp_path / "2.txt", **env) as two:
            yield one, two


def test_a_shared_upload_outlives_its_server_until_it_is_forgotten(
    browser: Browser, servers: tuple[App, App]
) -> None:
    one, two = servers
    mine = View(browser, one.url, Ears("")).open()
    mine.change(lambda: mine.drop_file("mine.png", photo()))
    assert re.search("photo=[0-9a-f]{32}(&|$)", mine.tab.url)
    link = mine.copy_link().replace(one.url, two.url)
    one.process.kill()
    pictures = mine.pictures()
    mine.close()
    ears = Ears(urlsplit(two.url).netloc)
    theirs = View(browser, two.url, ears).go(link)
    assert theirs.pictures() == pictures
    theirs.tab.get_by_text("Forget this photo").click()
    theirs.change(theirs.tab.get_by_role("button", name="Forget it now").click)
    assert "photo=" not in theirs.tab.url
    theirs.close()
    late = View(browser, two.url, ears).go(link)
    expect(late.alert()).to_contain_text("was forgotten")
    late.close()
    assert (ears.errors, ears.strangers) == ([], [])


def test_a_link_that_asks_for_too_much_says_so(view: View) -> None:
    view.open(layer=99, head=1)
    expect(view.alert()).to_have_count(1)
    expect(view.alert()).to_contain_text("99")
    expect(view.heroes()).to_have_count(1)


def test_a_reload_shows_the_same(view: View) -> None:
    view.open("", photo="coffee", head=1)
    before = view.pictures()
    view.tab.reload()
    view.settle()
    assert view.pictures() == before
