"""Compare in a real browser: one place of the photo in all columns, and one link for all."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Opener
from tests.browser.test_photos import photo
from tests.browser.view import View


def marked(frame: Locator) -> list[float]:
    """The middle of the patch that is outlined in a picture, as fractions of it."""
    style = frame.locator(".patch").get_attribute("style") or ""
    found = {name: float(value) / 100 for name, value in re.findall(r"(\w+): ([\d.]+)%", style)}
    return [found["left"] + found["width"] / 2, found["top"] + found["height"] / 2]


def near(one: list[float], other: list[float], by: float) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < by


def test_two_models_on_a_portrait_photo(view: View, window: Opener) -> None:
    mine = view.open("compare", **{"b.model": "bundled-cnn"})
    mine.change(lambda: mine.drop_file("portrait.png", photo(200, 320)))
    expect(mine.heroes()).to_have_count(3)
    frames = mine.heroes().all()
    ratios = [frame.evaluate("each => each.clientHeight / each.clientWidth") for frame in frames]
    assert all(ratio > 1.2 for ratio in ratios)

    frames[0].hover(position={"x": 40, "y": 60})
    places = [marked(frame) for frame in frames]
    for frame, place in zip(frames, places, strict=True):
        expect(frame.locator(".patch")).to_have_class(re.compile(r"\bon\b"))
        assert near(place, places[0], 0.15), "a cell of the coarser grid holds the finer one"
    expect(frames[1].locator(".readout")).to_contain_text("row ")
    frames[2].press("ArrowDown")
    assert marked(frames[0])[1] > places[0][1]
    mine.change(lambda: frames[0].click(position={"x": 40, "y": 60}))
    expect(frames[0].locator(".pin")).to_have_class("pin on")
    assert "a.kind=patch&a.patch=" in mine.tab.url

    link = mine.copy_link()
    theirs = window().go(link)
    assert theirs.pictures() == mine.pictures()
    assert theirs.tab.url == re.sub(r"&v=[^&]+", "", link)  # the version is read, then left out
    expect(theirs.tab.get_by_text("Rank correlation")).to_be_visible()


def test_a_view_is_carried_from_its_page(view: View) -> None:
    view.open("", layer=2, head=1)
    view.tab.get_by_role("link", name="Compare with").click()
    expect(view.tab.locator(".stage .heroes .name").first).to_have_text("A · Layer 2, head 1")
    view.settle()
    assert "a.layer=2" in view.tab.url
    expect(view.alert()).to_have_count(0)
