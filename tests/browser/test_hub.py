"""Models of a hub in a real browser: a slow download, one that breaks off, and a gated one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from heedmap.models.files.download import CHUNK
from playwright.sync_api import Browser, Locator, expect

from benchmarks.server import App, serve
from tests import checkpoints
from tests.browser.view import View
from tests.hub import Hub

pytestmark = pytest.mark.xdist_group("hub")  # one server

FIRST_PART = 30 * CHUNK  # bytes that come before the connection breaks
NO_MORE = [0] * 5  # connections that bring nothing, as many as the client tries


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """A hub with four small ViTs of 5 MB: at hand, slow, unsteady and gated."""
    files = checkpoints.timm("vit_tiny_patch16_224", depth=2, img_size=64)
    with Hub() as hub:
        hub.add("tiny/at-hand", checkpoints.timm("vit_tiny_patch16_224", depth=1, img_size=64))
        hub.add("tiny/slow", files, rate=0.2e6)
        hub.add("tiny/unsteady", files, breaks=[FIRST_PART, *NO_MORE])
        hub.add("tiny/gated", files, gated=True)
        yield hub


@pytest.fixture(scope="module")
def app(browser: Browser, hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app, with this hub for its own and an empty cache. (The browser comes first.)"""
    folder = tmp_path_factory.mktemp("app")
    env = {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "0", "HF_TOKEN": ""}
    with serve(folder / "log.txt", **env) as app:
        yield app


def alert(view: View) -> Locator:
    """The one alert that stands on the page."""
    expect(view.alert()).to_have_count(1)
    return view.alert()


def test_a_slow_download_tells_how_far_it_is(view: View, hub: Hub) -> None:
    view.open()
    bar = view.tab.get_by_test_id("stProgress")
    before = view.hero()
    view.paste_model("tiny/slow")
    expect(bar).to_contain_text(
        re.compile(r"tiny/slow: downloading, \d+ of 5 MB, about \d+ s left")
    )
    assert view.hero() == before
    hub.repos["tiny/slow"].rate = None
    expect(bar).to_have_count(0)
    view.settle()
    assert view.fact("Model") == "tiny/slow"
    assert view.hero() != before
    expect(view.alert()).to_have_count(0)


def test_a_download_that_breaks_off_can_be_tried_again(view: View, hub: Hub) -> None:
    view.open(photo="coffee")
    before = view.pictures()
    view.paste_model("tiny/unsteady")
    expect(alert(view)).to_have_text(
        re.compile(r"The download of tiny/unsteady broke off at 2\.0 of [\d.]+ MB: try again\.")
    )
    view.settle()
    assert view.pictures() == before
    view.change(view.tab.get_by_role("button", name="Try again").click)
    assert view.fact("Model") == "tiny/unsteady"
    expect(view.alert()).to_have_count(0)
    assert hub.sent("unsteady/main/model.safetensors") == [0, *[FIRST_PART] * 5, 0]


def test_a_gated_model_says_where_its_licence_is(view: View, hub: Hub) -> None:
    view.open(photo="coffee", model="tiny/at-hand")
    before = view.pictures()
    view.paste_model("tiny/gated")
    expect(alert(view)).to_contain_text(
        f"tiny/gated is gated: accept its licence at {hub.url}/tiny/gated, then set HF_TOKEN"
    )
    view.settle()
    assert view.pictures() == before
    assert view.fact("Model") == "tiny/at-hand"
    hub.repos["tiny/gated"].gated = False
    view.change(view.tab.get_by_role("button", name="Try again").click)
    assert view.fact("Model") == "tiny/gated"
    expect(view.alert()).to_have_count(0)
