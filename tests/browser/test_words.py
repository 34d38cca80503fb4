"""Words in a real browser: write, pick a word, change the head, and send the view on."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Opener
from tests.browser.view import View

TEXT = "a photo of a small dog"


def chips(view: View, flow: str = "reads") -> Locator:
    """The tokens of the text, shaded."""
    return view.tab.locator(f".words .{flow} .text > span")


def tokens(view: View) -> list[str]:
    return chips(view).locator("bdi").all_inner_texts()


def shades(view: View) -> list[str]:
    return [str(each.evaluate("e => e.style.getPropertyValue('--share')")) for each in
            chips(view).all()]  # fmt: skip


def test_a_word_is_picked_and_the_view_is_sent_on(window: Opener) -> None:
    mine = window().open("words")
    field = mine.tab.get_by_role("textbox", name="Text", exact=True)
    field.fill(TEXT)
    mine.change(lambda: field.press("Control+Enter"))
    assert tokens(mine)[1:-1] == ["·a", "·photo", "·of", "·a", "·small", "·dog"]
    assert "dog" not in mine.tab.url

    mean = shades(mine)
    mine.change(chips(mine).nth(6).click)
    assert "word=6" in mine.tab.url
    expect(mine.tab.locator(".words .reads h3")).to_have_text("What “dog” attends to")
    assert shades(mine) != mean
    assert chips(mine, "read").first.is_visible()
    assert mine.tab.locator(".words svg line").count() > 3

    before = shades(mine)
    mine.change(mine.tab.locator(".overview button.tile").nth(2).click)
    assert "layer=0" in mine.tab.url
    assert shades(mine) != before

    theirs = window().go(mine.copy_link())
    assert tokens(theirs) == tokens(mine)
    assert shades(theirs) == shades(mine)
    assert "dog" not in theirs.tab.url

    chips(theirs).nth(6).press("ArrowLeft")
    expect(theirs.tab.locator(".words .reads h3")).to_have_text("What “small” attends to")
    theirs.change(lambda: chips(theirs).nth(6).press("Escape"))
    assert "word=" not in theirs.tab.url
