"""Wrong links, lost photos, bad uploads and models that fail: one sentence, and the rest stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from heedmap import models, viz
from heedmap.errors import CaptureError, CheckpointError, DownloadError
from heedmap.models import Loading
from heedmap.pages.frame import sharing, versions
from heedmap.pages.frame.notices import UNEXPECTED
from heedmap.pages.run import opening
from heedmap.views import cache, photos

from tests.pages.app import App


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("layer", "99"), ("layer", "x"),
        ("head", "77"), ("view", "?"), ("keep", "0"), ("colors", "[a](http://x)"),
        ("opacity", "1e9"), ("size", "-3"), ("fit", "stretch"), ("hide", "yes"),
        ("photo", "nobody"), ("interp", ""),
    ],
)  # fmt: skip
def test_a_wrong_value_becomes_the_default_with_a_word(name: str, text: str) -> None:
    app = App(**{name: text})
    assert len(app.notices) == 1
    assert not app.errors
    assert app.link.get(name) != text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nope", "There is no model 'nope'"),
        ("../../etc", "There is no model '../../etc'"),
        ("bundled-vot", "did you mean 'bundled-vit'"),
        ("bundled-cnn", "is shown on another page: see CNN channels"),
    ],
)
def test_a_model_that_is_none_is_said_and_stays_in_the_field(text: str, words: str) -> None:
    app = App(model=text)
    assert len(app.errors) == 1
    assert words in app.errors[0]
    assert app.link == {"model": text}
    assert app.facts["Model"].startswith("Heedmap ViT")


def test_foreign_text_is_no_markup() -> None:
    assert "[a](" not in App(colors="[a](http://x)").notices[0]


def test_what_pages_share_stays_and_the_rest_comes_back() -> None:
    app = App(photo="coffee", opacity="20", layer="3")
    app.go("clip")
    assert app.link == {"photo": "coffee", "opacity": "20"}
    app.set("colors", "jet", shared=True)
    app.go("cnn")
    assert app.link == {"photo": "coffee", "opacity": "20", "colors": "jet"}
    app.go("vit")
    assert app.link == {
        "photo": "coffee", "opacity": "20", "colors": "jet", "layer": "3", "head": "mean",
    }  # fmt: skip


def test_an_upload_is_shown_kept_and_linked(portrait: bytes) -> None:
    app = App()
    app.at.file_uploader(key="upload").upload("p.png", portrait, "image/png")
    app.run()
    key = app.link["photo"]
    assert photos.is_upload(key)
    assert photos.find(key) == portrait
    assert app.facts["Saw"] == "whole photo, 128 × 192 px, enlarged from 60 × 90"
    assert app.items("photos")[0]["key"] == key
    app.go("clip")
    assert app.link == {"photo": key}
    assert "in memory" in app.at.sidebar.caption[0].value
    assert App(photo=key).facts["Saw"] == "whole photo, 128 × 192 px, enlarged from 60 × 90"


def test_a_shared_photo_is_found_again_and_forgotten(portrait: bytes) -> None:
    private = photos.take(portrait)
    app = App("compare", **{"photo": private, "b.photo": private})
    before = app.painted
    with pytest.MonkeyPatch.context() as patch:  # as the button does, in a run of this session
        patch.setattr(sharing, "copy_button", sharing._share)
        app.run()
    app.run()
    shared = app.link["photo"]
    assert photos.is_shared(shared)
    assert app.link.get("b.photo", shared) == shared
    photos.drop(private)  # as when the server ends
    cache.clear()
    theirs = App("compare", photo=shared)
    assert not theirs.notices
    assert theirs.hero["values"] == app.hero["values"]
    assert app.painted == before
    theirs.at.button(key="forget").click()
    theirs.run()
    assert "photo" not in theirs.link
    assert "was forgotten" in App(photo=shared).notices[0]
    assert "photo" not in app.run().link, "nor does a window that had it open show it"


KEPT = json.loads(Path(__file__).with_name("links.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("version", "kept"), [(version, each) for version, links in KEPT.items() for each in links]
)
def test_links_of_every_release_show_what_they_showed(version: str, kept: dict) -> None:
    app = App(kept["page"], v=version, **kept["link"])
    assert app.notices == kept.get("says", [])
    assert not app.errors
    for panel, title in zip(app.stage["panels"], kept["titles"], strict=True):
        assert panel["title"].startswith(title)
    assert {name: app.look[name] for name in kept["look"]} == kept["look"]
    assert app.link.items() <= kept["link"].items(), "only defaults have left it"


def test_this_release_has_kept_links() -> None:
    assert versions.ours() in KEPT


def test_a_link_of_another_version_says_what_is_not_known() -> None:
    (said,) = App(v="9.9", layer="3", depth="5").notices
    assert "by Heedmap 9\\.9" in said
    assert "depth is not known" in said
    assert not App(v="9.9", layer="3").notices
    assert len(App(v="9.9", layer="99").notices) == 2
    assert len(App(v=versions.ours(), layer="99").notices) == 1


@pytest.mark.parametrize("content", [b"no image", b"", b"\xff\xd8\xff\xe0 cut off"])
def test_a_bad_upload_is_one_sentence_and_keeps_the_photo(content: bytes) -> None:
    app = App(photo="coffee")
    app.at.file_uploader(key="upload").upload("x.jpg", content, "image/jpeg")
    app.run()
    assert len(app.errors) == 1
    assert app.link == {"photo": "coffee"}
    app.set("layer", 1)
    assert len(app.errors) == 1
    assert app.hero["title"].startswith("Layer 1")


def test_a_lost_photo_is_said_and_a_sample_shown() -> None:
    app = App(photo="0" * 32)
    assert "drop the photo again" in app.notices[0]
    assert app.facts["Saw"] == App().facts["Saw"]


def test_a_model_that_cannot_be_had_leaves_the_last_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = App(photo="coffee")
    before = app.painted

    def fails(id: str):
        if id == "dino-vits16":
            tries.append(id)
            raise DownloadError("The hub cannot be reached: try again.")
        return begin(id)

    tries: list[str] = []
    begin = models.begin
    monkeypatch.setattr(models, "begin", fails)
    app.set("model", "dino-vits16")
    assert app.errors == ["The hub cannot be reached: try again."]
    assert app.painted == before
    assert app.facts["Model"].startswith("Heedmap ViT")
    app.set("opacity", 10, shared=True)
    assert tries == ["dino-vits16"], "a failed model is not asked for at every move"
    assert len(app.errors) == 1
    app.at.button(key="again dino-vits16").click()
    app.run()
    assert len(tries) == 2
    app.set("model", "bundled-vit")
    assert not app.errors


def test_what_a_model_sees_can_be_chosen_while_it_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "first_ready", lambda *_: st.stop())
    app = App(model="dinov2-vits14")
    assert [box.value for box in app.at.selectbox if box.key in ("vit.size", "all.fit")] == [
        518,
        "whole",
    ]


def test_what_is_shown_instead_has_its_own_size(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = models.begin
    gone = Loading.failed("dinov2-vits14", DownloadError("The hub cannot be reached: try again."))
    monkeypatch.setattr(models, "begin", lambda id: gone if id == gone.id else begin(id))
    app = App(model="dinov2-vits14", photo="coffee")
    assert app.errors == ["The hub cannot be reached: try again."]
    assert app.hero["src"] == App(photo="coffee").hero["src"]


def test_an_id_of_the_hub_in_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    record = models.record

    def fails(id: str):
        if "/" in id:
            asked.append(id)
            raise CheckpointError(f"{id} is not a model: choose another.")
        return record(id)

    monkeypatch.setattr(models, "record", fails)
    app = App(model="some/body")
    assert app.errors == ["some/body is not a model: choose another."]
    assert app.link == {"model": "some/body"}
    assert app.facts["Model"].startswith("Heedmap ViT")
    app.set("layer", 1)
    assert asked == ["some/body"]


@pytest.mark.parametrize(
    ("error", "said"),
    [(CaptureError("It shows none."), "It shows none."), (ZeroDivisionError("secret"), UNEXPECTED)],
)
def test_a_failing_pass_keeps_what_was_there(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    app = App()
    before = app.painted

    def fails(*_args: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(viz, "record_attention", fails, raising=False)
    app.set("size", 336)
    assert app.errors == [said]
    assert app.painted == before
    assert ("secret" in caplog.text) == (said == UNEXPECTED)


def test_a_page_without_any_model_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(id: str):
        raise DownloadError("The hub cannot be reached: try again.")

    with monkeypatch.context() as patch:
        patch.setattr(models, "begin", fails)
        app = App(opacity="20")
        assert app.errors == ["The hub cannot be reached: try again."]
        assert not app.at.get("bidi_component")[-1].proto.component_name.endswith("stage")
    app.at.button(key="again bundled-vit").click()
    app.run()
    assert not app.errors
    assert app.facts["Model"].startswith("Heedmap ViT")
    assert app.link == {"opacity": "20"}


def test_a_page_without_any_pass_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()

    def fails(*_args: object, **_named: object) -> None:
        raise CaptureError("It shows none: choose another.")

    with monkeypatch.context() as patch:
        patch.setattr(viz, "record_attention", fails, raising=False)
        app = App(layer="5", photo="coffee")
        assert app.errors == ["It shows none: choose another."]
    app.run()
    assert not app.errors
    assert app.hero["title"].startswith("Layer 5")


def test_a_tower_of_clip_is_shown_on_both_pages() -> None:
    app = App(model="bundled-clip")
    assert not app.notices
    assert not app.errors
    assert app.facts["Model"].startswith("Heedmap CLIP")


def test_a_pasted_model_is_refused_where_it_cannot_be_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = models.record

    def pasted(id: str):
        known = record("bundled-cnn")
        return replace(known, id=id, title="Body") if id == "some/body" else record(id)

    monkeypatch.setattr(models, "record", pasted)
    app = App(model="some/body")
    assert app.errors == ["Body is shown on another page: see CNN channels."]
    assert app.facts["Model"].startswith("Heedmap ViT")
