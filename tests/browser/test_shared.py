"""Photos in a bucket that several servers share; this process reads and writes there as another."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from heedmap import store
from playwright.sync_api import Browser, expect

from benchmarks.server import App, serve
from tests import s3
from tests.browser.test_photos import photo, shows
from tests.browser.view import View, pixels


@pytest.fixture(scope="module")
def app(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app, with a bucket for its store. (The browser comes first.)"""
    with s3.loopback(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEEDMAP_STORE", f"s3://{s3.BUCKET}/shared")
        with serve(tmp_path_factory.mktemp("app") / "log.txt") as app:
            yield app


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
