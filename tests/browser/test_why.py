"""Asking why in a real browser: a class, one less another, random weights; a text on a photo."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.view import View


def test_a_class_a_difference_and_random_weights(view: View) -> None:
    view.open("why", methods="relevance")
    what = view.tab.locator(".stage .heroes .what")
    view.change(view.tab.get_by_role("radio", name="dog").click)
    expect(what).to_contain_text("what speaks for “dog”")
    less = view.tab.get_by_role("combobox", name="Less")
    less.fill("cat")
    view.change(lambda: less.press("Enter"))
    expect(what).to_contain_text("what speaks for dog less cat · zero in the middle")
    view.change(view.tab.get_by_text("Randomised weights").click)
    expect(view.tab.locator(".stage .heroes .badge")).to_contain_text("random weights, rank")
    for asked in ("target=dog", "less=cat", "random=1"):
        assert asked in view.tab.url


def test_a_control_that_is_moved_ends_a_test_that_runs(view: View) -> None:
    """The test of a large photo takes a minute: who had to wait for it would run out of time."""
    view.open("why", methods="relevance", size=256)
    what = view.tab.locator(".stage .heroes .what")
    view.tab.get_by_role("button", name="How far to trust it").click()
    running = view.tab.get_by_text("Running Heedmap ViT")
    expect(running).to_be_visible()
    view.tab.get_by_role("radio", name="dog").click()
    expect(what).to_contain_text("what speaks for “dog”")
    expect(view.tab.locator(".stage .heroes")).to_contain_text("This test takes about")
    expect(running).to_be_visible()
    view.tab.get_by_role("button", name="Hide the test").click()
    expect(running).to_have_count(0)
    view.settle()
    expect(what).to_contain_text("what speaks for “dog”")
    expect(view.alert()).to_have_count(0)


def test_a_text_that_is_added_gets_a_map(view: View) -> None:
    view.open("clip", show="words")
    expect(view.heroes()).to_have_count(2)
    words = view.tab.get_by_role("combobox", name="Words")
    words.fill("a teapot")
    words.press("Enter")
    expect(view.heroes()).to_have_count(3)
    view.settle()
    assert "teapot" in view.tab.url
    expect(view.tab.locator(".stage .bars .class")).to_have_text(
        ["“a cat”", "“a dog”", "“a teapot”", "“a photo”"]
    )
