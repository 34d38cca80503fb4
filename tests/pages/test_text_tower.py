"""Words on a timm CLIP whose text tower is a second download."""

from __future__ import annotations

from pathlib import Path

import pytest
from heedmap import models, viz
from heedmap.models.loading import loader, registry

from tests.hub import Hub, client
from tests.open_clips import made
from tests.pages.app import App

REPO, TOWER = "timm/clip", "open_clip_model.safetensors"


def test_texts_are_read_once_the_visitor_wants_the_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    registry._resolved.clear()
    loader._cache.clear()
    files = made("CLIP").files
    with Hub() as hub:
        client(monkeypatch, tmp_path, hub.url)
        hub.add(REPO, files)
        app = App("clip", model=REPO, show="words", words="a cat~two dogs")
        assert not app.errors
        assert not hub.sent(TOWER)
        button = app.at.button(key="get text tower")
        assert button.label == f"Download {len(files[TOWER]) / 1e6:.1f} MB to read texts"
        button.click()
        app.run()
        assert hub.sent(TOWER) == [0]
    assert [panel["title"] for panel in app.stage["panels"]] == ["a cat", "two dogs"]
    adapter = models.load(REPO)
    wanted = viz.word_maps(adapter, adapter.prepare(viz.open_sample("cat")), ["a cat", "two dogs"])
    assert app.stage["bars"][0][1] == pytest.approx(float(wanted.shares[0]), abs=1e-5)
