"""CLIP layers in a real browser: two layers side by side, both kinds of attention, the figure."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.test_vit import assert_is_a_figure
from tests.browser.view import View


def test_two_layers_stand_side_by_side_over_the_grid_of_all(view: View) -> None:
    view.open("clip")
    expect(view.heroes()).to_have_count(2)
    assert view.hero(0) != view.hero(1)
    depth = view.gallery("Layers").count()
    assert depth > 1
    assert f"last {depth - 1}" in view.fact("Layers")


def test_picked_layers_take_turns(view: View) -> None:
    view.open("clip")
    layers, titles = view.gallery("Layers"), view.tab.locator(".stage .heroes .name")
    second = view.hero(1)
    view.change(layers.nth(0).click)
    expect(titles.nth(0)).to_contain_text("Layer 0")
    assert view.hero(1) == second
    layers.nth(1).click()
    expect(titles.nth(1)).to_contain_text("Layer 1")
    expect(titles.nth(0)).to_contain_text("Layer 0")
    view.settle()
    assert view.hero(1) != second
    for layer in (0, 1):
        expect(layers.nth(layer)).to_have_attribute("aria-selected", "true")
    assert "first=0" in view.tab.url
    assert "second=1" in view.tab.url


def test_attention_from_token_to_token_is_another(view: View) -> None:
    view.open("clip")
    view.change(view.tab.get_by_text("Received (mean token-to-token)").click)
    assert "kind=tokens" in view.tab.url
    assert "token" in view.fact("Attention")


def test_the_figure_is_what_it_says(view: View) -> None:
    view.open("clip", cols=3, head="mean")
    assert_is_a_figure(view, "All layers", "cat-bundled-clip-layers-mean")
