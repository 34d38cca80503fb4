"""Words in a real browser: write, pick a word, change the head, send the view on, compare two."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import LAPTOP, Opener
from tests.browser.test_screens import PHONE, TOO_WIDE
from tests.browser.view import View

TEXT = "a picture of a small dog"


def chips(view: View, flow: str = "reads") -> Locator:
    """The tokens of the text, shaded."""
    return view.tab.locator(f".words .{flow} .text > span")


def tokens(view: View) -> list[str]:
    return chips(view).locator("bdi").all_inner_texts()


def shades(view: View) -> list[str]:
    return [str(each.evaluate("e => e.style.getPropertyValue('--share')")) for each in
            chips(view).all()]  # fmt: skip


def at(view: View, query: str) -> View:
    """Wait until the address asks for something, and the page shows it."""
    expect(view.tab).to_have_url(re.compile(query))
    return view.settle()


def test_a_word_is_picked_and_the_view_is_sent_on(view: View, window: Opener) -> None:
    mine = view.open("words")
    field = mine.tab.get_by_role("textbox", name="Text", exact=True)
    field.fill(TEXT)
    field.press("Control+Enter")
    expect(chips(mine).nth(6)).to_have_text(re.compile("dog"))
    mine.settle()
    assert tokens(mine) == ["[CLS]", *TEXT.split(), "[SEP]"]
    assert "dog" not in mine.tab.url

    mean = shades(mine)
    chips(mine).nth(6).click()
    at(mine, "word=6")
    expect(mine.tab.locator(".words .reads h3")).to_have_text("What “dog” attends to")
    mine.tab.mouse.move(0, 0)
    assert shades(mine) != mean
    assert chips(mine, "read").first.is_visible()
    expect(mine.tab.locator(".words .guess h3")).to_have_text(re.compile("in place of dog"))
    assert mine.tab.locator(".words svg line").count() > 3

    before = shades(mine)
    mine.tab.locator(".overview button.tile").nth(2).click()
    at(mine, "layer=0")
    assert shades(mine) != before

    theirs = window().go(mine.copy_link())
    assert tokens(theirs) == tokens(mine)
    assert shades(theirs) == shades(mine)
    assert "dog" not in theirs.tab.url

    chips(theirs).nth(6).press("ArrowLeft")
    expect(theirs.tab.locator(".words .reads h3")).to_have_text("What “small” attends to")
    chips(theirs).nth(5).press("Escape")
    at(theirs, "^((?!word=).)*$")

    theirs.tab.get_by_role("button", name="Full screen").click()
    theirs.tab.wait_for_function("() => document.fullscreenElement !== null")
    box = theirs.tab.locator(".words").bounding_box()
    assert box == {"x": 0, "y": 0, **LAPTOP}
    expect(chips(theirs).first).to_be_in_viewport()
    theirs.tab.keyboard.press("Escape")
    theirs.tab.wait_for_function("() => document.fullscreenElement === null")
    expect(theirs.tab.get_by_role("button", name="Full screen")).to_be_focused()


def test_two_sentences_are_compared_on_a_phone(window: Opener) -> None:
    view = window(**PHONE).open("words", mode="compare")
    assert view.tab.evaluate(TOO_WIDE) == []
    both = view.tab.locator(".words.plain")
    both.first.locator(".reads .text > span", has_text="good").tap()
    at(view, "word=5")
    for each in both.all():
        expect(each.locator(".reads .at bdi")).to_have_text("good")
    expect(view.tab.locator(".words.signed canvas")).to_be_visible()
