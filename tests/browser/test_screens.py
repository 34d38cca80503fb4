"""Every page on a phone and in the dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener

PAGES = ["", "clip", "cnn"]
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
# What is wider than the window, in the page's own scroller and in the components' shadows.
TOO_WIDE = """() => {
    const wide = [];
    const walk = (node) => {
        for (const each of node.children) {
            const { left, right, width, height } = each.getBoundingClientRect();
            const shown = width && height && getComputedStyle(each).visibility === 'visible';
            const over = shown && (right > innerWidth + 1 || left < -1);
            if (over) wide.push(each.className || each.tagName);
            if (each.shadowRoot) walk(each.shadowRoot);
            walk(each);
        }
    };
    walk(document.querySelector('[data-testid=stMainBlockContainer]'));
    for (const each of [document.documentElement, document.querySelector('[data-testid=stMain]')])
        if (each.scrollWidth > each.clientWidth) wide.push(`${each.tagName} scrolls`);
    return wide.map(String);
}"""


@pytest.mark.parametrize("page", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(window: Opener, page: str) -> None:
    view = window(**PHONE).open(page)
    assert view.tab.evaluate(TOO_WIDE) == []
    expect(view.heroes().first).to_be_visible()


def test_a_phone_opens_the_controls(window: Opener) -> None:
    view = window(**PHONE).open()
    photos = view.gallery("Photo")
    expect(photos.first).not_to_be_in_viewport()
    view.tab.get_by_test_id("stExpandSidebarButton").tap()
    expect(photos.first).to_be_in_viewport()


@pytest.mark.parametrize("page", PAGES)
def test_the_dark_is_dark_and_readable(window: Opener, page: str) -> None:
    view = window(color_scheme="dark").open(page)
    style = "(node) => [getComputedStyle(node).backgroundColor, getComputedStyle(node).color]"
    back, text = view.tab.get_by_test_id("stApp").evaluate(style)
    assert luminance(back) < 0.05
    assert contrast(back, text) > 7
    _, text = view.tab.locator(".stage .title, .gallery .caption").first.evaluate(style)
    assert contrast(back, text) > 7


def luminance(color: str) -> float:
    """WCAG's relative luminance of a CSS rgb() colour."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
