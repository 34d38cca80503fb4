"""The sections below the map: closed at first, opened by a control or the link."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from tests.pages.app import App


def test_all_is_closed_at_first_and_costs_no_pass(passes: list[str]) -> None:
    app = App()
    with pytest.raises(AssertionError, match="no overview"):
        app.overview()
    app.set("deeper", "overview")
    assert app.link == {"deeper": "overview"}
    assert passes == ["bundled-vit"]
    table = app.overview()
    assert table["columns"] == ["Mean", *map(str, range(6))]
    assert table["layers"] == [str(layer) for layer in range(6)]
    assert table["heads"] == [6] * 6
    layer, head = table["chosen"].split(",")
    assert app.facts["Layer"].startswith(f"{layer} ")
    assert app.facts["Head"].startswith(head)
    assert table["src"].startswith("data:image/png;base64,")
    own = table["src"]
    assert app.set("scale", "model").overview()["src"] != own
    app.set("layer", 2).set("head", "3")
    assert app.overview()["chosen"] == "2,3"
    assert passes == ["bundled-vit"]


def test_a_link_to_a_section_that_does_not_exist_says_so() -> None:
    app = App(deeper="cellar")
    assert "The link asks for deeper = “cellar”, which is not available here" in app.notices[0]


def test_numbers_come_from_passes_of_their_own_and_a_dot_shows_its_head(passes: list[str]) -> None:
    app = App(deeper="numbers")
    assert passes == ["bundled-vit"] * 3  # the numbers, and the norms of outliers
    charts = app.at.get("vega_lite_chart")
    assert len(charts) == 4  # two plots and two matrices of overlap
    (table,) = app.at.dataframe
    assert len(table.value) == 36
    assert list(table.value.columns)[:3] == ["Layer", "Head", "Mean attention distance, px"]
    assert "All numbers (CSV)" in [button.label for button in app.at.get("download_button")]
    assert any("Maps without relation share 0.0" in each.value for each in app.at.caption)
    app.set("layer", 1)
    assert passes == ["bundled-vit"] * 3


def test_a_model_that_has_no_such_numbers_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from heedmap import viz
    from heedmap.errors import SettingError

    def refuse(*args: object, stats: bool = False, **how: object) -> object:
        if stats:
            raise SettingError("Swin-T has no entropy and distance: record it without stats.")
        return record(*args, **how)

    from heedmap.views import cache

    record = viz.record_attention
    monkeypatch.setattr(viz, "record_attention", refuse)
    cache.clear()
    app = App(deeper="numbers")
    assert app.errors == ["Swin-T has no entropy and distance: record it without stats."]
    assert app.hero["src"]


def test_features_of_a_layer_and_of_a_second_photo(passes: list[str]) -> None:
    app = App(deeper="features", layer="3", head="1")
    assert not app.errors
    assert passes == ["bundled-vit"] * 2
    similar, colours, norms = app.linked["panels"]
    assert similar["what"].startswith("cosine similarity to row ")
    assert "values" not in colours
    assert norms["marks"] == []
    app.set("front", 80)
    assert app.link["front"] == "80"
    assert app.linked["panels"][0] == similar
    assert app.linked["panels"][1]["colours"] != colours["colours"]
    assert passes == ["bundled-vit"] * 2
    app.set("photo2", "rocket")
    assert app.link["photo2"] == "rocket"
    assert len(app.linked["panels"]) == 6
    assert app.linked["panels"][3]["limits"] == app.linked["panels"][0]["limits"]
    assert any("joint over both photos" in each.value for each in app.at.caption)
    assert passes == ["bundled-vit"] * 3


def test_features_are_alike_to_the_pinned_patch() -> None:
    app = App(deeper="features", kind="patch", patch="2,5")
    assert app.linked["pin"]["at"] == [2, 5]
    similar = app.linked["panels"][0]
    assert similar["what"] == "cosine similarity to row 2, column 5"
    units = np.frombuffer(base64.b64decode(similar["units"]), np.float16).astype(np.float32)
    rows, columns = similar["grid"]
    units = units.reshape(rows * columns, -1)
    values = np.frombuffer(base64.b64decode(similar["values"]), np.float32)
    assert np.allclose(units @ units[2 * columns + 5], values, atol=2e-3)


def test_the_matrix_of_the_head_that_is_shown(passes: list[str]) -> None:
    app = App(deeper="matrix", layer="2", head="1", kind="patch", patch="4,6")
    given = app.matrix()
    values = np.frombuffer(base64.b64decode(given["values"]), np.float16).reshape(97, 97)
    assert np.allclose(values.sum(1, dtype=np.float32), 1, atol=1e-2)
    assert given["labels"][given["at"]] == "patches (4, 6) to (5, 7)"
    assert given["places"][:2] == [None, [0, 0]]
    count = len(passes)
    assert app.set("head", "mean").matrix()["values"] != given["values"]
    assert len(passes) == count + 1
    assert [each.label for each in app.at.get("download_button")][-1] == "Figure (PDF)"
