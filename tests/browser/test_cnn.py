"""CNN channels in a real browser: rows of layers, columns of channels, classes, the figure."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.test_vit import assert_is_a_figure
from tests.browser.view import View


def test_three_channels_of_three_layers_and_five_classes(view: View) -> None:
    view.open("cnn")
    expect(view.gallery("Channels")).to_have_count(9)
    expect(view.heroes()).to_have_count(1)
    captions = view.gallery("Channels").all_inner_texts()
    means = [float(re.search(r"mean ([\d.e+-]+)", each)[1]) for each in captions]  # type: ignore[index]
    for row in range(3):
        strongest = means[3 * row : 3 * row + 3]
        assert strongest == sorted(strongest, reverse=True)
    shares = view.tab.locator(".stage .bars").get_by_text(re.compile(r"^[\d.]+ ?%$"))
    expect(shares).to_have_count(5)


def test_a_channel_is_picked(view: View) -> None:
    view.open("cnn")
    view.change(view.gallery("Channels").first.click)
    assert "channel=" in view.tab.url
    expect(view.gallery("Channels").first).to_have_attribute("aria-selected", "true")
    assert view.fact("Layer") in view.tab.locator(".stage .heroes .name").inner_text()


def test_more_channels_make_wider_rows(view: View) -> None:
    view.open("cnn")
    view.slide("Strongest channels per layer", "ArrowRight", 1)
    expect(view.gallery("Channels")).to_have_count(12)


def test_the_figure_is_what_it_says(view: View) -> None:
    view.open("cnn", k=2)
    assert_is_a_figure(view, "The strongest channels", "cat-bundled-cnn-channels")
