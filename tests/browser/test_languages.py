"""The pages in the language of the browser, of a link, and of the button that changes it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.test_screens import PHONE, TOO_WIDE


def test_a_chinese_browser_opens_in_chinese_and_its_visitor_changes_that(window: Opener) -> None:
    view = window(locale="zh-CN").open(layer=2, head=3, fit="crop")
    page, stage = view.tab.locator("html"), view.tab.locator(".stage .panel").first
    expect(stage).to_contain_text("第 2 层，头 3")
    expect(page).to_have_attribute("lang", "zh")
    assert "lang=" not in view.tab.url
    view.change(view.tab.get_by_role("button", name="English").click)
    expect(stage).to_contain_text("Layer 2, head 3")
    expect(stage).to_contain_text("scale: this map")
    expect(page).to_have_attribute("lang", "en")
    assert view.fact("Saw").startswith("middle crop")
    link = view.copy_link()
    assert "lang=en" in link
    view.go(link)
    expect(view.tab.locator("h1")).to_have_text("ViT heads")


def test_a_link_in_chinese_fits_a_phone_and_goes_from_page_to_page(window: Opener) -> None:
    view = window(**PHONE).open("compare", lang="zh")
    expect(view.tab.locator("h1")).to_have_text("对比")
    assert view.tab.evaluate(TOO_WIDE) == []
    view.turn_to("CNN 通道")
    expect(view.tab.locator("h1")).to_have_text("CNN 通道")
    assert "lang=zh" in view.tab.url
    assert view.tab.evaluate(TOO_WIDE) == []
