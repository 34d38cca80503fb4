"""Words on a timm CLIP whose text tower is a second download."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from heedmap import models, viz
from heedmap.models.loading import loader, registry
from heedmap.views import cache

from tests.hub import Hub, client
from tests.open_clips import made
from tests.pages.app import App

REPO, TOWER = "timm/clip", "open_clip_model.safetensors"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with a timm CLIP, and a machine that has nothing of it."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    registry._resolved.clear()
    loader._cache.clear()
    cache.clear()
    with Hub() as there:
        client(monkeypatch, tmp_path, there.url)
        there.add(REPO, made("CLIP").files)
        yield there
    loader._cache.clear()


def test_texts_are_read_once_the_visitor_wants_the_download(hub: Hub) -> None:
    app = App("clip", model=REPO, show="words", words="a cat~two dogs")
    assert not app.errors
    assert not hub.sent(TOWER)
    button = app.at.button(key="get text tower")
    megabytes = len(hub.repos[REPO].files["main"][TOWER]) / 1e6
    assert button.label == f"Download {megabytes:.1f} MB to read texts"
    button.click()
    app.run()
    assert hub.sent(TOWER) == [0]
    assert [panel["title"] for panel in app.stage["panels"]] == ["a cat", "two dogs"]
    adapter = models.load(REPO)
    wanted = viz.word_maps(adapter, adapter.prepare(viz.open_sample("cat")), ["a cat", "two dogs"])
    assert app.stage["bars"][0][1] == pytest.approx(float(wanted.shares[0]), abs=1e-5)
    app.go("words", model=REPO, text="two dogs")
    assert app.words()["tokens"][1:3] == ["two", "dogs"]


def test_the_page_of_reasons_asks_about_the_features_until_then(hub: Hub) -> None:
    app = App("why", model=REPO, text="two dogs", methods="relevance")
    assert not app.errors
    assert "norm of the features" in app.hero["what"]
    app.at.button(key="get text tower").click()
    app.run()
    assert hub.sent(TOWER) == [0]
    assert "two dogs" in app.hero["what"]


def test_a_download_that_fails_is_told_and_can_be_tried_again(hub: Hub) -> None:
    app = App("clip", model=REPO, show="words", words="a cat~two dogs")
    hub.repos[REPO].status = 503
    app.at.button(key="get text tower").click()
    app.run()
    assert "answers with error 503" in app.errors[0]
    hub.repos[REPO].status = 0
    app.at.button(key=f"again {REPO} text").click()
    app.run()
    assert not app.errors
    assert [panel["title"] for panel in app.stage["panels"]] == ["a cat", "two dogs"]
