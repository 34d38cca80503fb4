"""What lies outside the machine, in a real browser: models of a hub, and photos in a bucket.

The models: a slow download, one that breaks off, and a gated one. The bucket is one that several
servers share; this process reads and writes there as another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from heedmap import store
from heedmap.models.files.download import CHUNK
from playwright.sync_api import Browser, Locator, expect

from benchmarks.server import App, serve
from tests import checkpoints, s3
from tests.browser.conftest import Opener
from tests.browser.test_photos import photo, shows
from tests.browser.view import View, pixels
from tests.hub import Hub

pytestmark = pytest.mark.xdist_group("outside")  # one server

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
    """The app, with this hub for its own, an empty cache, and a bucket for its store.

    (The browser comes first.)
    """
    folder = tmp_path_factory.mktemp("app")
    env = {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder), "HF_HUB_OFFLINE": "0", "HF_TOKEN": ""}
    with s3.loopback(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEEDMAP_STORE", f"s3://{s3.BUCKET}/shared")
        with serve(folder / "log.txt", **env) as app:
            yield app


@pytest.fixture
def view(window: Opener) -> View:
    """A window of this app."""
    return window()


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


def test_a_shared_upload_is_every_servers_until_it_is_forgotten(view: View) -> None:
    view.open()
    view.change(lambda: view.drop_file("mine.png", photo()))
    assert re.search("photo=[0-9a-f]{32}(&|$)", view.tab.url)
    found = re.search("photo=([0-9a-f]{64})(&|$)", view.copy_link())
    assert found
    other = store.shared()
    np.testing.assert_array_equal(pixels(other.get(found[1]) or b""), pixels(photo()))

    theirs = other.put(photo(200, 320))
    view.open(photo=theirs)
    assert shows(view, photo(200, 320))
    view.tab.get_by_text("Forget this photo").click()
    view.change(view.tab.get_by_role("button", name="Forget it now").click)
    assert "photo=" not in view.tab.url
    assert not other.exists(theirs)
    view.open(photo=theirs)
    expect(view.alert()).to_contain_text("was forgotten")
