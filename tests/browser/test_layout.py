"""Nothing jumps, and everything can be read: layout shift, contrast, headings, the skip link."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.browser.test_screens import PAGES, assert_stood_still, shifts, watched
from tests.browser.view import PATIENCE_MS, View

# The text nodes with less contrast to what is behind them than 4.5, as WCAG 2 computes it.
FAINT = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    const parent = (node) => node.parentElement ?? node.getRootNode().host;
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, share, below) => top.slice(0, 3).map((c, i) => share * c + (1 - share) * below[i]);
    const around = (node, { left, top }) => {
        const area = node.getBoundingClientRect();
        return area.left <= left && left <= area.right && area.top <= top && top <= area.bottom;
    };
    const ground = (node, text) => {
        if (!node) return rgba(getComputedStyle(app).backgroundColor).slice(0, 3);
        const own = around(node, text) ? rgba(getComputedStyle(node).backgroundColor) : [0, 0, 0, 0];
        return over(own, own[3], ground(parent(node), text));
    };
    const light = (color) => {
        const [r, g, b] = color.map((c) => c / 255)
            .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const faint = [];
    const look = (text) => {
        const node = parent(text);
        const style = getComputedStyle(node);
        const off = node.closest('[disabled], [aria-disabled=true], [data-testid=stIconMaterial]');
        if (!node.getClientRects().length || style.visibility !== 'visible' || off || node.closest('.tool')?.querySelector(':disabled')) return;
        let share = 1;
        for (let each = node; each; each = parent(each)) share *= getComputedStyle(each).opacity;
        if (!share || node.closest('.readout')) return;
        const below = ground(node, node.getBoundingClientRect());
        const color = rgba(style.color);
        const [dark, bright] = [light(over(color, share * color[3], below)), light(below)].sort((a, b) => a - b);
        const contrast = (bright + 0.05) / (dark + 0.05);
        if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${text.textContent.trim().slice(0, 40)}`);
    };
    const walk = (node) => {
        for (const each of node.childNodes) {
            if (each.nodeType === 3 && each.textContent.trim() && !['STYLE', 'SCRIPT'].includes(node.nodeName)) look(each);
            if (each.shadowRoot) walk(each.shadowRoot);
            walk(each);
        }
    };
    walk(document.body);
    return faint;
}"""  # noqa: E501


def rest(view: View) -> list[dict[str, Any]]:
    """The layout shifts since the last call, without a slider's own handle, which has to move."""
    return [each for each in shifts(view) if each["value"] > 1e-4]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_stands_still_while_it_loads_and_can_be_read(window: Opener, page: str) -> None:
    view = watched(window, color_scheme="light").open(page)
    assert_stood_still(view)
    assert view.tab.evaluate(FAINT) == []


def test_a_control_moves_nothing(window: Opener) -> None:
    view = watched(window).open()
    shifts(view)
    view.slide("Layer", "ArrowLeft")
    assert rest(view) == [], "layer"
    view.change(
        view.tab.get_by_role("listbox", name="Heads of layer").get_by_role("option").nth(2).click
    )
    assert rest(view) == [], "head"
    view.set("View", "Mask")
    assert rest(view) == [], "view"


@pytest.mark.parametrize("page", PAGES)
def test_the_dark_is_dark_and_readable(window: Opener, page: str) -> None:
    view = window(color_scheme="dark").open(page)
    assert view.tab.evaluate(FAINT) == []
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


def test_the_tab_and_the_headings_name_the_view(view: View) -> None:
    view.open(photo="coffee")
    assert view.tab.locator("h1").all_inner_texts() == ["ViT heads"]
    title = view.tab.title()
    assert title.startswith("ViT heads · ")
    assert "Heedmap ViT" in title


def test_the_buttons_of_the_head_stand_in_one_line(view: View) -> None:
    buttons = view.open().tab.locator(".st-key-head :is(button, a):visible")
    boxes = [box for each in buttons.all() if (box := each.bounding_box())]
    assert len(boxes) >= 5
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert max(middles) - min(middles) < 1


def test_the_first_key_offers_to_skip_to_the_map(view: View) -> None:
    view.open()
    view.tab.keyboard.press("Tab")
    link = view.tab.get_by_role("link", name="Skip to the map")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    view.tab.keyboard.press("Enter")
    view.tab.keyboard.press("Tab")
    inside = "() => document.activeElement.closest('.st-key-tools, .st-key-stage') !== null"
    assert view.tab.evaluate(inside)


def test_the_words_are_explained_at_the_first_visit_only(window: Opener) -> None:
    view = window(first=True).open()
    panel = view.tab.get_by_role("dialog", name="What am I seeing?")
    expect(panel.locator("dt")).to_have_text(
        ["Patch", "Token", "CLS", "Head", "Layer", "Register"], timeout=PATIENCE_MS
    )
    pictures = panel.locator("img[src^='data:image/jpeg']")  # drawn once the panel is open
    expect(pictures).to_have_count(6, timeout=PATIENCE_MS)
    panel.get_by_role("button", name="Got it").click()
    expect(panel).not_to_be_visible()
    view.open()
    button = view.tab.get_by_role("button", name="What am I seeing?")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(pictures).to_have_count(0)
    button.click()
    expect(panel).to_be_visible()
    expect(pictures).to_have_count(6, timeout=PATIENCE_MS)
