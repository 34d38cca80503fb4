"""Compare: columns, each with controls of its own, one link for all, and what fails alone."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from heedmap import models, viz
from heedmap.errors import CaptureError, DownloadError

from tests.pages.app import App


def titles(app: App) -> list[str]:
    return [panel["title"] for panel in app.stage["panels"]]


def test_two_models_a_difference_and_their_numbers(passes: list[str]) -> None:
    app = App("compare")
    mean = "Layer 5, mean of all heads"
    assert titles(app) == [f"A · {mean}", f"B · {mean}", "A − B"]
    assert passes == ["bundled-vit", "bundled-clip"]
    assert app.limits[0] == app.limits[1]
    low, high = app.limits[2]
    assert low == -high
    assert app.stage["panels"][2]["signed"]
    (columns, pairs) = (table.value for table in app.at.table)
    assert list(columns)[1:] == ["A", "B"]
    assert list(pairs["Columns"]) == ["A and B"]
    assert not app.link
    assert not app.errors


def test_each_control_of_a_column(passes: list[str]) -> None:
    app = App("compare")
    for name, value in [("b.layer", 1), ("b.head", "2"), ("b.kind", "tokens"), ("a.layer", 0)]:
        before = app.painted
        app.set(name, value)
        assert app.painted != before, name
        assert app.link[name] == str(value)
    assert titles(app)[:2] == ["A · Layer 0, mean of all heads", "B · Layer 1, head 2"]
    assert passes == ["bundled-vit", "bundled-clip", "bundled-clip"]
    app.set("b.photo", "coffee")
    app.set("b.size", 224)
    app.set("b.fit", "crop")
    app.set("b.model", "bundled-cnn")
    assert titles(app)[1].startswith("B · ")
    assert "channel" in titles(app)[1]
    assert "b.layer" not in app.link
    assert app.link["b.photo"] == "coffee"
    assert len(titles(app)) == 2, "two photos have no difference"


def test_a_channel_has_a_layer_and_a_number(passes: list[str]) -> None:
    names = models.load("bundled-cnn").conv_layers
    app = App("compare", **{"b.model": "bundled-cnn", "b.conv": names[2], "b.channel": "3"})
    assert titles(app)[1] == f"B · {names[2]}, channel 3"
    app.set("b.channel", "4")
    assert titles(app)[1] == f"B · {names[2]}, channel 4"
    assert passes == ["bundled-vit", "bundled-cnn"]
    app.set("b.conv", names[4])
    assert titles(app)[1].startswith(f"B · {names[4]}, ")
    assert "share per area" in app.hero["what"]


def test_columns_of_one_pass_share_it(passes: list[str]) -> None:
    app = App("compare", **{"b.model": "bundled-vit", "b.layer": "2"})
    assert passes == ["bundled-vit"]
    assert app.hero["what"] == "attention from CLS"  # one kind on one grid: as they are
    app.set("scale", "map")
    assert app.limits[0] != app.limits[1]
    app.set("hide", True)
    app.set("view", "mask")
    app.set("keep", 35)
    assert app.link["keep"] == "35"
    assert passes == ["bundled-vit"] * 2  # one for the norms of outliers


def test_a_patch_is_pinned_in_each_column() -> None:
    app = App("compare", **{"a.kind": "patch", "a.patch": "3,7", "a.layer": "2"})
    first, second = app.stage["panels"][:2]
    assert (first["pin"]["at"], first["pin"]["prefix"]) == ([3, 7], "a.")
    assert first["what"].startswith("attention from row 3, column 7")
    assert second["pin"]["at"] is None
    app.set("b.kind", "patch")
    assert app.stage["panels"][1]["pin"]["at"] is not None
    assert app.link["a.patch"] == "3,7"


def test_columns_are_added_and_removed() -> None:
    app = App("compare")
    press(app, "Add a column")
    press(app, "Add a column")
    assert [title[0] for title in titles(app)] == ["A", "B", "C", "D", "A"]
    assert app.link["columns"] == "4"
    app.set("c.layer", 2)
    app.set("pair", "cd")
    assert titles(app)[-1] == "C − D"
    press(app, "Remove this column", 1)
    assert app.link["columns"] == "3"
    assert titles(app)[1] == "B · Layer 2, mean of all heads"
    assert app.link["b.model"] == "bundled-vit-reg"


@pytest.mark.parametrize(
    ("link", "word"),
    [
        ({"a.layer": "99"}, "a.layer"), ({"columns": "9"}, "columns"), ({"pair": "cd"}, "pair"),
        ({"b.head": "x"}, "b.head"), ({"a.photo": "nobody"}, "photo"), ({"a.conv": "x"}, "a.conv"),
        ({"d.layer": "1"}, "d.layer"), ({"b.fit": "?"}, "b.fit"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_said(link: dict[str, str], word: str) -> None:
    app = App("compare", **link)
    assert len(app.notices) == 1
    assert word in app.notices[0].replace("\\", "")
    assert not app.link


def test_a_column_that_fails_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App("compare", **{"b.model": "nope", "b.layer": "2"})
    failed = app.stage["panels"][1]
    assert "There is no model 'nope'" in failed["says"]
    assert titles(app) == ["A · Layer 5, mean of all heads", "B"]
    assert app.link == {"b.model": "nope", "b.layer": "2"}
    app.set("b.model", "bundled-clip")
    assert titles(app)[1] == "B · Layer 2, mean of all heads"
    assert app.link == {"b.layer": "2"}


def test_models_that_cannot_be_had_are_tried_again_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(id: str):
        raise DownloadError("The hub cannot be reached: try again.")

    with monkeypatch.context() as patch:
        patch.setattr(models, "begin", fails)
        app = App("compare")
        assert [p["says"] for p in app.stage["panels"]] == [
            "The hub cannot be reached: try again."
        ] * 2
    press(app, "Try again")
    press(app, "Try again")
    assert len(titles(app)) == 3


def test_a_failing_pass_stays_in_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object, **_named: object) -> None:
        raise CaptureError("It did not run this one: choose other layers.")

    monkeypatch.setattr(viz, "record_activations", fails, raising=False)
    app = App("compare", **{"b.model": "bundled-cnn", "b.size": "96"})
    assert app.stage["panels"][1]["says"] == "It did not run this one: choose other layers."
    assert len(titles(app)) == 2


@pytest.mark.parametrize(
    ("page", "link", "first"),
    [
        ("vit", {"layer": "2", "head": "1", "hide": "1", "photo": "coffee"}, "A · Layer 2, head 1"),
        (
            "clip",
            {"first": "1", "head": "mean", "kind": "tokens"},
            "A · Layer 1, mean of all heads",
        ),
        ("cnn", {"size": "160"}, None),
        ("vit", {"kind": "patch", "patch": "3,7", "layer": "2"}, "A · Layer 2, mean of all heads"),
        ("why", {"photo": "coffee"}, "A · Layer 5, mean of all heads"),
    ],
)
def test_each_page_carries_its_view_there(page: str, link: dict[str, str], first: str) -> None:
    app = App(page, **link)
    here = app.hero
    offered = next(
        each.proto for each in app.at.get("page_link") if each.proto.label == "Compare with …"
    )
    carried = App("compare", **dict(parse_qsl(offered.query_string)))
    assert not carried.notices
    assert carried.hero["title"] == (first or f"A · {here['title']}")
    assert carried.hero["grid"] == here["grid"]
    assert carried.link.get("photo") == link.get("photo")
    assert carried.link.get("hide") == link.get("hide")


def press(app: App, label: str, which: int = 0) -> None:
    [button for button in app.at.button if button.label == label][which].click()
    app.run()
