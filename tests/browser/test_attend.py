"""What attend.js computes in the browser is what the model computed."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
import pytest
from heedmap.viz import LayerQueries
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from tests.browser.conftest import Opener
from tests.browser.test_paint import SCRIPTS
from tests.browser.test_screens import PHONE
from tests.browser.test_vit import last_layer
from tests.browser.view import View, picture_bytes, pixels

RNG = np.random.default_rng(11)
ROWS = """([sent, row, column]) => {
    const layer = layerOf(sent);
    const maps = rowsFrom(layer, row, column);
    return [maps, headOf(maps, 6, 'mean'), headOf(maps, 6, '2')].map((each) => Array.from(each));
}"""


def text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


@pytest.mark.parametrize("bias_shape", [(), (1, 1, 8), (3, 8, 8), (1, 8, 8), (3, 1, 8)])
def test_rows_of_queries_and_keys(browser: Browser, bias_shape: tuple[int, ...]) -> None:
    """Two prefix tokens and 2 x 3 patches; tiny and hidden values too."""
    q, k = (RNG.normal(0, 2, (3, 8, 5)).astype(np.float16) for _ in range(2))
    q[0, 3] = 3e-7  # below the normal range of float16
    bias = RNG.normal(0, 1, bias_shape).astype(np.float16) if bias_shape else None
    if bias is not None:
        bias[..., 4] = -np.inf
    layer = LayerQueries(0, q, k, bias, 2, (2, 3), (0,))
    sent = {
        "id": "x", "heads": 3, "tokens": 8, "prefix": 2, "grid": [2, 3], "q": text(q), "k": text(k),
        "bias": "" if bias is None else text(bias), "bias_shape": list(bias_shape),
    }  # fmt: skip
    tab = browser.new_page()
    for name in ("dom.js", "attend.js"):
        tab.add_script_tag(path=SCRIPTS / name)
    maps, mean, third = tab.evaluate(ROWS, [sent, 1, 2])
    tab.close()
    wanted = layer.from_patch(1, 2)
    assert np.allclose(np.reshape(maps, (3, 2, 3)), wanted, atol=1e-6)
    assert np.allclose(np.reshape(mean, (2, 3)), wanted.mean(0), atol=1e-6)
    assert np.allclose(np.reshape(third, (2, 3)), wanted[2], atol=1e-6)


@dataclass
class Patches:
    """The middles of the patches of a map on the screen, row 0 and column 0 first."""

    left: float
    top: float
    width: float
    height: float
    rows: int = 16
    columns: int = 24

    def __call__(self, row: int, column: int) -> tuple[float, float]:
        x = self.left + (column + 0.5) / self.columns * self.width
        return x, self.top + (row + 0.5) / self.rows * self.height


def patches_of(picture: Locator) -> Patches:
    picture.scroll_into_view_if_needed()
    area = picture.bounding_box()
    assert area is not None
    return Patches(area["x"], area["y"], area["width"], area["height"])


def told(view: View) -> Locator:
    """What the legend of the map says that it is."""
    return view.tab.locator(".stage .legend .what").first


def test_a_click_pins_a_patch_and_dragging_paints_what_the_server_paints(view: View) -> None:
    view.open(layer=2, head=1)
    at = patches_of(view.heroes().first)
    view.tab.mouse.click(*at(3, 5))
    expect(told(view)).to_contain_text("attention from row 3, column 5")
    view.settle()
    assert "kind=patch&patch=3%2C5" in view.tab.url
    view.tab.wait_for_function("() => globalThis.heedmapLayers?.size === 1")

    view.tab.mouse.move(*at(3, 5))
    view.tab.mouse.down()
    view.tab.mouse.move(*at(6, 10))
    expect(told(view)).to_contain_text("attention from row 6, column 10")
    assert "patch=3%2C5" in view.tab.url, "the gesture has not ended"
    view.settle()
    live, heads = view.hero(), view.tab.locator(".gallery canvas:visible")
    expect(heads).to_have_count(7)
    small = pixels(picture_bytes(heads.nth(3)))
    view.tab.mouse.up()
    view.tab.wait_for_url("**patch=6%2C10*")
    view.settle()
    expect(heads).to_have_count(0)
    own = Image.fromarray(
        pixels(picture_bytes(view.gallery("Heads of layer 2").nth(3).locator("img")))
    )
    off = np.abs(
        np.asarray(own.resize(small.shape[1::-1], Image.Resampling.BOX)).astype(int) - small
    )
    assert off.mean() < 6, "the thumbnail that was painted here is the server's"
    assert np.abs(pixels(view.hero()).astype(int) - pixels(live)).max() <= 4  # of float16


def test_keys_walk_from_a_pinned_patch_and_let_it_go(view: View) -> None:
    view.open(layer=2, head=1, kind="patch", patch="6,10")
    at = patches_of(view.heroes().first)
    view.heroes().first.focus()
    view.tab.keyboard.press("ArrowRight")
    expect(told(view)).to_contain_text("attention from row 6, column 11")
    view.tab.wait_for_url("**patch=6%2C11*")
    view.settle()
    view.tab.keyboard.down("Shift")
    view.tab.mouse.move(*at(12, 2))
    expect(told(view)).to_contain_text("attention from row 12, column 2")
    view.tab.keyboard.up("Shift")
    expect(told(view)).to_contain_text("attention from row 6, column 11")
    view.tab.keyboard.press("Escape")
    expect(told(view)).to_contain_text("attention from CLS")
    view.settle()
    assert last_layer(view) == 2
    assert "patch" not in view.tab.url


def test_a_finger_pins_a_patch_drags_its_ring_and_taps_it_away(window: Opener) -> None:
    view = window(**PHONE).open(layer=2, head=1)
    at = patches_of(view.heroes().first)
    view.tab.touchscreen.tap(*at(3, 5))
    expect(told(view)).to_contain_text("attention from row 3, column 5")
    view.settle()
    view.tab.wait_for_function("() => globalThis.heedmapLayers?.size === 1")
    at = patches_of(view.heroes().first)
    finger = view.tab.context.new_cdp_session(view.tab)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        given = {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        finger.send("Input.dispatchTouchEvent", given)

    touch("touchStart", at(3, 5))
    for step in range(1, 5):
        touch("touchMove", at(3 + step, 5 + 2 * step))
    expect(told(view)).to_contain_text("attention from row 7, column 13")
    touch("touchEnd")
    view.tab.wait_for_url("**patch=7%2C13*")
    view.settle()
    view.tab.touchscreen.tap(*patches_of(view.heroes().first)(7, 13))
    expect(told(view)).to_contain_text("attention from CLS")


def test_pictures_below_the_map_are_linked_with_it(view: View) -> None:
    view.open(layer=2, head=1, kind="patch", patch="3,5", deeper="features")
    similar = view.heroes().nth(1)
    similar.scroll_into_view_if_needed()
    area = similar.bounding_box()
    assert area is not None
    what = view.tab.locator(".stage .heroes .legend .what")
    expect(what.nth(1)).to_have_text("cosine similarity to row 3, column 5")
    x, y = area["x"] + 10.5 / 24 * area["width"], area["y"] + 6.5 / 16 * area["height"]
    view.tab.mouse.move(x, y)
    expect(what.nth(1)).to_have_text("cosine similarity to row 6, column 10")
    expect(view.heroes().first.locator(".patch")).to_have_class("patch on")
    expect(what.first).to_contain_text("attention from row 3, column 5")
    view.settle()
    live = pixels(view.hero(1))
    view.tab.mouse.click(x, y)
    view.tab.wait_for_url("**patch=6%2C10*")
    view.settle()
    expect(what.first).to_contain_text("attention from row 6, column 10")
    assert np.abs(pixels(view.hero(1)).astype(int) - live).max() <= 4  # of float16

    view.tab.get_by_role("radio", name="Attention matrix").click()
    matrix = view.tab.get_by_role("img", name="Attention matrix of Layer 2, head 1")
    matrix.scroll_into_view_if_needed()
    matrix.press("ArrowDown")
    matrix.press("ArrowRight")
    told = view.tab.locator(".matrix .told")
    expect(told).to_contain_text("patches (6, 10) to (7, 11) attends to patches (0, 0) to (1, 1): ")
    matrix.press("ArrowDown")
    matrix.press("Enter")
    view.tab.wait_for_url("**patch=7%2C13*")
