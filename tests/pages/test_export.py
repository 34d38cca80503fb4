"""The export of every page: its dialog opens, lays the figure out, and gives the program."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from heedmap.pages.take import export as dialog
from heedmap.views import render
from heedmap.views.figure import Figure
from heedmap.views.paper import Paper
from heedmap.views.word_figure import WordFigure
from streamlit.testing.v1 import AppTest

from tests.pages.app import App

PAGES = {
    "start": {},
    "vit": {"two": "1", "model2": "bundled-clip", "less": "1", "scale": "both"},
    "clip": {"kind": "patch", "view": "overlay"},
    "cnn": {"photo": "coffee"},
    "compare": {"columns": "3", "b.photo": "coffee", "base": "model"},
    "why": {"scale": "methods"},
}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_what_each_page_gives_as_python_makes_its_pictures(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Figure] = []
    offer = dialog.offer
    monkeypatch.setattr(dialog, "offer", lambda *figures: given.extend(figures) or offer(*figures))
    app = App(page, **PAGES[page])
    assert not app.errors
    names: dict = {}
    exec(given[0].python(Paper()), names)
    made: Sequence[np.ndarray] = names.get("pictures") or [names["picture"]]
    for picture, each in zip(made, given[0].pictures, strict=True):
        np.testing.assert_array_equal(picture, render.drawn(each.shown, each.look))
    assert "v=0.1.0" in given[0].link


def test_words_are_taken_along_as_they_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[WordFigure] = []
    offer = dialog.offer
    monkeypatch.setattr(dialog, "offer", lambda *taken: given.extend(taken) or offer(*taken))
    text = "a photo of a dog"
    app = App("words", model="bundled-clip", text=text, layer="1", head="2", word="5")
    assert [each.drawing for each in given] == ["text", "lines", "matrix"]
    names: dict = {}
    exec(given[0].python(Paper()), names)
    assert names["picture"] == given[0].make("png", Paper())
    np.testing.assert_array_equal(app.words()["values"], names["values"].ravel())
    assert "What “dog” attends to" in given[0].python(Paper())
    assert "text=a+photo" in given[0].link
    app.at.button(key="export").click()
    app.run()
    assert [tab.label for tab in app.at.tabs] == ["Figure and values", "Python"]
    assert text in app.at.code[0].value


def test_the_dialog_lays_a_figure_out() -> None:
    app = App("cnn")
    app.at.button(key="export").click()
    app.run()
    assert not app.errors
    assert [tab.label for tab in app.at.tabs] == ["Figure and values", "Python", "Report", "Film"]
    assert "models.load('bundled-cnn')" in app.at.code[0].value
    (button,) = app.at.get("download_button")
    assert button.label == "Download"
    assert [field.label for field in app.at.number_input] == ["Width, mm", "Pixels an inch (dpi)"]


def _report() -> None:
    from heedmap.pages.take import report
    from heedmap.views.render import Look
    from heedmap.views.request import Request

    report.show(Request("coffee", "bundled-vit", 128), Look())


def test_a_report_is_made_and_offered() -> None:
    at = AppTest.from_function(_report, default_timeout=120).run()
    assert not at.get("download_button")
    at.button[0].click().run()
    assert not at.exception
    assert not at.error
    (button,) = at.get("download_button")
    assert re.fullmatch(r"Download, \d\.\d MB", button.label)
    at.multiselect[0].select("rocket").run()
    assert not at.get("download_button"), "it is of another choice"


def _film() -> None:
    from heedmap import models
    from heedmap.pages.take import film
    from heedmap.views import attention
    from heedmap.views.attention import Map
    from heedmap.views.render import Look
    from heedmap.views.request import Request

    film._PAN = 0.3
    vit = models.load("bundled-vit")
    film.show(Map(attention.source(vit, Request("cat", vit.id, 128)), 4, "1"), Look())


def test_a_film_is_made_frame_by_frame_and_offered() -> None:
    at = AppTest.from_function(_film, default_timeout=120).run()
    assert "slow pan over “Cat”" in at.caption[0].value
    assert not at.get("video")
    at.button[0].click().run()
    assert not at.exception
    assert not at.error
    assert len(at.get("video")) == 1
    (button,) = at.get("download_button")
    assert button.label.startswith("Download, 0.")


@pytest.mark.slow
@pytest.mark.usefixtures("no_other_fonts")
def test_letters_that_no_font_holds_are_named_beside_the_figure() -> None:
    app = App("clip").set("show", "words").set("words", ["a \N{THUMBS UP SIGN} cat"])
    app.at.button(key="export").click()
    app.run()
    told = [each.value for each in app.at.caption]
    assert "No font on this server holds \N{THUMBS UP SIGN}: the figure has � there." in told
