"""A view is its URL: a copied link shows the same in somebody else's window."""

from __future__ import annotations

from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.view import View

VIEWS = {
    "vit": ("", {"photo": "coffee", "layer": 1, "head": 2, "colors": "magma", "view": "contour"}),
    "clip": ("clip", {"photo": "astronaut", "colors": "jet", "opacity": 80}),
    "cnn": ("cnn", {"photo": "rocket", "k": 2, "interp": "nearest"}),
}


@pytest.mark.parametrize(("page", "settings"), VIEWS.values(), ids=VIEWS)
def test_a_copied_link_shows_the_same_to_somebody_else(
    view: View, window: Opener, page: str, settings: dict[str, object]
) -> None:
    mine = view.open(page, **settings)
    link = mine.copy_link()
    for name, value in settings.items():
        assert f"{name}={value}" in link
    theirs = window().go(link)
    assert theirs.pictures() == mine.pictures()
    asked = parse_qs(urlsplit(theirs.tab.url).query)
    assert {**asked, "v": [version("heedmap")]} == parse_qs(urlsplit(link).query)
    expect(theirs.alert()).to_have_count(0)


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
