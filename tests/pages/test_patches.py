"""Attention from a single patch: by link, by the toolbar's stage, in both pages, and its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from heedmap import models, viz
from heedmap.pages.frame import link
from heedmap.views import cache, photos

from tests import checkpoints
from tests.pages.app import App


def rows(layer: int, patch: tuple[int, int], id: str = "bundled-vit") -> np.ndarray:
    """What a patch attends to, as the library records it: (heads, rows, cols)."""
    adapter = models.load(id)
    x = adapter.prepare(photos.pixels("cat"), 128, "whole")
    found: np.ndarray = viz.record_rows(adapter, x, layer, [patch])[0]
    return found


def ask(app: App, monkeypatch: pytest.MonkeyPatch, **settings: str) -> App:
    """Ask for settings as the stage does when a gesture has ended."""
    with monkeypatch.context() as patch:
        patch.setattr(st, "session_state", app.at.session_state)
        link.ask(settings)
    return app.run()


def test_a_link_shows_what_a_patch_attends_to(passes: list[str]) -> None:
    app = App(kind="patch", patch="3,5", layer="2", head="1")
    assert np.allclose(app.hero["values"], rows(2, (3, 5))[1], rtol=1e-2, atol=1e-5)
    told = {"kind": "patch", "home": "cls", "grid": [16, 24], "at": [3, 5], "prefix": ""}
    assert app.stage["pin"] == told
    assert app.facts["Attention"] == "attention from row 3, column 5"
    assert "attention from row 3, column 5" in app.hero["alt"]
    assert len({item["src"] for item in app.items("heads")}) == 7
    assert app.link == {"kind": "patch", "patch": "3,5", "layer": "2", "head": "1"}


def test_a_pinned_patch_moves_without_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(layer="2", head="mean")
    assert app.stage["pin"]["at"] is None
    ask(app, monkeypatch, kind="patch", patch="4,7")
    before = cache_free_passes(monkeypatch)
    ask(app, monkeypatch, patch="0,23")
    assert before == []
    assert np.allclose(app.hero["values"], rows(2, (0, 23)).mean(0), rtol=1e-2, atol=1e-5)
    ask(app, monkeypatch, kind="cls")
    assert app.link == {"layer": "2", "head": "mean"}


def cache_free_passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The recordings of queries from now on."""
    seen: list[str] = []
    monkeypatch.setattr(viz, "record_all_queries", lambda *a: seen.append("run"), raising=False)
    return seen


@pytest.mark.parametrize("text", ["99,0", "-1,2", "3", "a,b"])
def test_a_patch_outside_the_grid_becomes_the_middle(text: str) -> None:
    app = App(kind="patch", patch=text)
    assert len(app.notices) == 1
    assert app.stage["pin"]["at"] == [8, 12]


def test_the_queries_come_after_the_map_and_only_when_asked_for() -> None:
    def sent(app: App) -> list[str]:
        names = [e.proto.component_name for e in app.at.get("bidi_component")]
        return [name for name in names if name == "heedmap_queries"]

    assert sent(App()) == []
    assert len(sent(App(kind="patch", patch="1,2"))) == 1
    assert len(sent(App(follow="1"))) == 1


def test_both_layers_of_clip_are_from_the_patch() -> None:
    app = App("clip", kind="patch", patch="2,3", head="0", first="1", second="4")
    for panel, layer in zip(app.stage["panels"], (1, 4), strict=True):
        own = rows(layer, (2, 3), "bundled-clip")[0]
        assert np.allclose(panel["values"], own, rtol=1e-2, atol=1e-5)
        assert panel["live"]["head"] == "0"


def test_within_windows_the_server_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"embed_dim": 16, "depths": (1, 1), "num_heads": (1, 2), "window_size": 4, "img_size": 64}
    folder = tmp_path / "swin"
    folder.mkdir()
    for name, content in checkpoints.timm("swin_tiny_patch4_window7_224", **own).items():
        (folder / name).write_bytes(content)
    (folder / "model.toml").write_text('title = "Swin"\nsize = 64\ncan = ["attention"]\n')
    monkeypatch.setenv("HEEDMAP_MODELS", str(tmp_path))
    cache.clear()
    app = App(model="local:swin", kind="patch", patch="3,5", layer="0", head="0")
    values = np.asarray(app.hero["values"])
    rows, columns = app.stage["pin"]["grid"]
    row, column = 3 * len(values) // rows // 4 * 4, 5 * len(values[0]) // columns // 4 * 4
    window = values[row : row + 4, column : column + 4]
    assert app.stage["pin"]["at"] == [3, 5]
    assert window.sum() == pytest.approx(values.sum(), rel=1e-4)
