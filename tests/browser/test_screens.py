"""Every page on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.view import View

PAGES = ["", "clip", "cnn"]
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
# Keeps every layout shift of the tab, also those that a press has led to.
SHIFTS = """window.shifts = [];
new PerformanceObserver((seen) => window.shifts.push(...seen.getEntries().map((each) => ({
    value: each.value,
    what: each.sources.map(({ node, previousRect: from, currentRect: to }) =>
        `${node?.className ?? node?.nodeName}: ${from.x} ${from.y} -> ${to.x} ${to.y}`),
})))).observe({ type: 'layout-shift', buffered: true });"""
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


def watched(window: Opener, **context: Any) -> View:
    """A window that keeps its layout shifts."""
    view = window(**context)
    view.tab.add_init_script(SHIFTS)
    return view


def shifts(view: View) -> list[dict[str, Any]]:
    """The layout shifts since the last call."""
    found: list[dict[str, Any]] = view.tab.evaluate("window.shifts.splice(0)")
    return found


def assert_stood_still(view: View) -> None:
    """Hardly anything has moved since the last call of `shifts`."""
    found = shifts(view)
    large = [each for each in found if each["value"] > 0.01]
    assert sum(each["value"] for each in found) < 0.1, "\n".join(map(str, large))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_stands_still_while_it_loads_and_fits(window: Opener, page: str) -> None:
    view = watched(window, **PHONE).open(page)
    assert_stood_still(view)
    assert view.tab.evaluate(TOO_WIDE) == []
    expect(view.heroes().first).to_be_visible()


def test_a_phone_opens_the_controls(window: Opener) -> None:
    view = window(**PHONE).open()
    photos = view.gallery("Photo")
    expect(photos.first).not_to_be_in_viewport()
    view.tab.get_by_test_id("stExpandSidebarButton").tap()
    expect(photos.first).to_be_in_viewport()
