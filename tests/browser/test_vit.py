"""ViT heads in a real browser: the first view, a head, a mask, the patch under the keys, files."""

from __future__ import annotations

import io
import json
import re
import zipfile
from importlib.metadata import version

import numpy as np
import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.view import View, pixels


def last_layer(view: View) -> int:
    """The number of the layer that the page opens with."""
    return int(view.fact("Layer").split()[0])


def ratio(picture: np.ndarray) -> float:
    """Height over width."""
    height, width = picture.shape[:2]
    return float(height / width)


def covered(view: View) -> tuple[float, float]:
    """The share of attention that is kept and the share of the area it lies on, in percent."""
    text = view.tab.locator(".stage .legend .what").first.inner_text()
    kept, area = re.findall(r"([\d.]+)%", text)
    return float(kept), float(area)


def test_a_map_stands_there_with_no_click(view: View) -> None:
    view.open()
    expect(view.heroes()).to_have_count(1)
    hero, original = pixels(view.hero()), pixels(view.original())
    assert len(np.unique(hero.reshape(-1, 3), axis=0)) > 100
    assert ratio(hero) == pytest.approx(ratio(original), rel=0.02)
    assert view.tab.title().endswith("Heedmap")
    for fact in ("Model", "Saw", "Grid", "Prefix tokens", "Layer", "Head", "Strongest"):
        assert view.fact(fact)
    ends = (view.tab.locator(f".stage .legend .{end}").first for end in ("low", "high"))
    low, high = (float(end.inner_text().replace("\N{MINUS SIGN}", "-")) for end in ends)
    assert 0 <= low < high <= 1


def test_a_head_is_picked_by_its_thumbnail(view: View) -> None:
    view.open(layer=3)
    thumbnails = view.gallery("Heads of layer 3")
    mean = view.hero()
    view.change(thumbnails.nth(3).click)  # the mean comes first
    expect(view.tab.locator(".stage .heroes .name")).to_have_text("Layer 3, head 2")
    expect(thumbnails.nth(3)).to_have_attribute("aria-selected", "true")
    assert "head=2" in view.tab.url
    assert view.hero() != mean

    thumbnails.nth(3).press("Home")
    view.change(lambda: thumbnails.first.press("Enter"))
    assert view.hero() == mean
    assert "head=mean" in view.tab.url


def test_the_threshold_moves_the_mask(view: View) -> None:
    view.open(view="mask", keep=60)
    kept, area = covered(view)
    assert kept == 60
    mask = pixels(view.hero())
    view.set("Kept", 75)
    assert covered(view)[1] > area
    assert (pixels(view.hero()) > 127).sum() > (mask > 127).sum()
    assert "keep=75" in view.tab.url


def test_the_views_differ(view: View) -> None:
    view.open()
    seen = {view.hero()}
    for name in ("Mask", "Highlight", "Contour"):
        view.set("View", name)
        seen.add(view.hero())
        assert f"view={name.lower()}" in view.tab.url
    assert len(seen) == 4


def test_the_toolbar_repaints_before_the_server_hears_of_it(view: View) -> None:
    view.open()
    before, address, small = view.hero(), view.tab.url, view.pictures()[-1]
    drawn = str(view.heroes().first.get_attribute("data-picture"))
    opacity = view.tool("Opacity")
    opacity.evaluate("(range) => { range.value = 65; range.dispatchEvent(new Event('input')); }")
    expect(view.heroes().first).not_to_have_attribute("data-picture", drawn)
    assert view.hero() != before
    assert (view.tab.url, view.pictures()[-1]) == (address, small), "the gesture has not ended"
    opacity.dispatch_event("change")
    view.tab.wait_for_url("**opacity=65**")
    view.settle()
    assert view.pictures()[-1] != small


def test_a_toolbar_is_kept_by_the_next_picture(view: View) -> None:
    view.open()
    view.set("Colours", "Jet").set("Patch grid", True)
    jet = view.hero()
    view.change(view.gallery(f"Heads of layer {last_layer(view)}").nth(1).click)
    assert view.tool("Colours").input_value() == "jet"
    assert view.hero() != jet
    view.tab.go_back()
    view.settle()
    assert view.hero() == jet


def test_the_arrow_keys_tell_the_value_of_a_patch(view: View) -> None:
    view.open()
    hero = view.heroes().first
    hero.press("ArrowRight")  # the first key goes to the strongest patch
    row, column = re.findall(r"row (\d+), column (\d+)", view.fact("Strongest"))[0]
    readout = hero.locator(".readout")
    expect(readout).to_contain_text(f"row {row}, column {column}")
    expect(readout).to_contain_text("% of the patches’ attention")
    hero.press("Escape")
    expect(readout).not_to_have_class(re.compile(r"\bon\b"))


def test_the_downloads_are_what_they_say(view: View) -> None:
    view.open(head=1)
    file = f"cat-bundled-vit-layer{last_layer(view)}"
    view.export("The picture alone, PNG")
    name, content = view.download(view.tab.get_by_role("button", name="Download"))
    assert name == f"{file}-head1.png"
    picture, shown = pixels(content), pixels(view.hero())
    assert picture.shape == shown.shape
    assert np.abs(picture.astype(int) - shown).mean() < 4  # the screen's photo is a JPEG

    view.pick("Everything, ZIP")
    name, content = view.download(view.tab.get_by_role("button", name="Download"))
    assert name == f"{file}-head1.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert np.array_equal(pixels(archive.read(f"pictures/{file}-head1.png")), picture)
        told = json.loads(archive.read("view.json"))
    assert told["link"] == f"{view.tab.url}&v={version('heedmap')}"


def assert_is_a_figure(view: View, what: str, name: str) -> None:
    """The pictures of a page come as a PDF of one page, with their title as text."""
    view.export("Figure, PDF", what)
    file, content = view.download(view.tab.get_by_role("button", name="Download"))
    assert file == f"{name}.pdf"
    (page,) = PdfReader(io.BytesIO(content)).pages
    assert "Heedmap" in page.extract_text()


def test_a_map_is_picked_from_the_overview(view: View) -> None:
    view.open(deeper="overview")
    table = view.tab.get_by_role("grid", name="All layers and heads")
    cell = table.get_by_role("gridcell", name="Layer 1, head 3")
    cell.scroll_into_view_if_needed()
    cell.click()
    expect(view.tab.locator(".stage .heroes .name")).to_have_text("Layer 1, head 3")
    expect(cell).to_have_attribute("aria-selected", "true")
    view.settle()
    assert "layer=1" in view.tab.url
    assert "head=3" in view.tab.url
    cell.press("ArrowDown")
    view.tab.keyboard.press("Enter")
    expect(view.tab.locator(".stage .heroes .name")).to_have_text("Layer 2, head 3")
