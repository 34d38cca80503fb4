"""What leaves the page in a real browser: the clipboard, the whole screen, files that it opens."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from heedmap import models
from heedmap.views import attention, export, facts, large, report
from heedmap.views.attention import Map
from heedmap.views.paper import Paper
from heedmap.views.render import Look
from heedmap.views.report import Plan
from heedmap.views.request import Request
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Opener
from tests.browser.view import Ears, View, pixels

CLIPBOARD = """async () => {
    const [item] = await navigator.clipboard.read();
    const blob = await item.getType('image/png');
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(''));
}"""
LOADED = (
    "() => [...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth)"
)
# As on an iPhone, which shows nothing but videos on its whole screen.
NO_FULL_SCREEN = "delete Element.prototype.requestFullscreen"


def copied(view: View) -> np.ndarray:
    """Copy the first large picture, and read the clipboard."""
    button = view.tab.get_by_role("button", name="Copy picture").first
    button.click()
    expect(button).to_contain_text("Copied")
    return pixels(base64.b64decode(view.tab.evaluate(CLIPBOARD)))


def test_a_picture_is_copied_as_it_is_seen(view: View) -> None:
    view.open(head=1)
    shown = pixels(view.hero())
    np.testing.assert_array_equal(copied(view), shown)
    view.change(lambda: view.heroes().first.click(position={"x": 40, "y": 40}))
    differs = np.any(copied(view) != pixels(view.hero()), axis=-1)
    rows, columns = np.nonzero(differs)
    assert 0 < differs.mean() < 0.02, "the ring of the pinned patch alone"
    assert max(rows.max() - rows.min(), columns.max() - columns.min()) < shown.shape[1] / 8


def test_the_stage_alone_fills_the_screen(view: View) -> None:
    view.open(head=1)
    stage, hero = view.tab.locator(".stage").first, view.heroes().first
    before = hero.bounding_box()
    view.tab.get_by_role("button", name="Full screen").click()
    view.tab.wait_for_function("() => document.fullscreenElement !== null")
    after = hero.bounding_box()
    assert before
    assert after
    assert after["height"] > 1.2 * before["height"]
    assert view.tool("Colours").count() == 0 or not view.tool("Colours").is_visible()
    view.tab.keyboard.press("ArrowRight")
    expect(hero.locator(".readout")).to_contain_text("row")
    view.tab.keyboard.press("t")
    view.set("Colours", "Jet")
    view.tab.keyboard.press("Escape")
    expect(stage).not_to_have_class("stage presented")
    expect(view.tab.get_by_role("button", name="Full screen")).to_be_focused()
    assert "colors=jet" in view.tab.url


def test_a_phone_without_full_screen_shows_it_over_the_page(window: Opener) -> None:
    view = window(viewport={"width": 390, "height": 844})
    view.tab.add_init_script(NO_FULL_SCREEN)
    view.open()
    view.tab.get_by_role("button", name="Full screen").click()
    stage = view.tab.locator(".stage").first
    assert stage.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    expect(view.heroes().first).to_be_in_viewport()
    view.tab.get_by_role("button", name="Controls").click()
    expect(view.tool("Colours")).to_be_visible()
    view.tab.get_by_role("button", name="Leave").click()
    box = stage.bounding_box()
    assert box
    assert box["y"] > 0


def test_files_open_in_a_browser_without_a_network(browser: Browser, tmp_path: Path) -> None:
    vit = models.load("bundled-vit")
    shown = Map(attention.source(vit, Request("cat", vit.id, 128)), 3, "2")
    figure = export.large(large.of_one(shown, Look()), facts.attention(shown))
    (tmp_path / "figure.svg").write_bytes(figure.make("svg", Paper()))
    (tmp_path / "report.html").write_bytes(report.make(Plan(["cat"], [vit.id])))
    ears = Ears("")
    context = browser.new_context(offline=True)
    ears.listen(context)
    tab = context.new_page()
    tab.goto((tmp_path / "figure.svg").as_uri())
    assert figure.title in " ".join(tab.locator("text").all_text_contents())
    assert tab.locator("image").count() == 2, "the map and its colour bar"
    tab.goto((tmp_path / "report.html").as_uri())
    expect(tab.get_by_role("heading", name="Cat")).to_be_visible()
    assert tab.evaluate(LOADED)
    context.close()
    assert (ears.errors, ears.strangers) == ([], [])
