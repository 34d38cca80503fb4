"""The pages in Chinese: what is on the screen, in the link and in exports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from heedmap.views.words import EXAMPLES

from tests.pages.app import PAGES, App

SENTENCE = re.compile(r"\b[a-z]+(?: [a-z]+){3,}")  # four plain words of English
DATA = ("data:", "<style", "https://")
OWN = {text for pair in EXAMPLES.values() for text in pair}  # what visitors might have written


def shown(app: App) -> Iterator[str]:
    """Every text that the page sends to the browser, of components too."""
    elements = [each for block in (app.at.main, app.at.sidebar) for each in _leaves(block)]
    for element in elements:
        yield from _texts(MessageToDict(element.proto))


def _leaves(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        if getattr(child, "children", None):
            yield from _leaves(child)
        elif getattr(child, "proto", None) is not None:
            yield child


def _texts(given: Any) -> Iterator[str]:
    if isinstance(given, dict):
        for name, each in given.items():
            if name not in ("id", "url", "htmlContent", "cssContent", "jsContent", "queryString"):
                yield from _texts(each)
    elif isinstance(given, list):
        for each in given:
            yield from _texts(each)
    elif isinstance(given, str) and not given.startswith(DATA):
        if given.startswith("{"):
            yield from _texts({**json.loads(given), "sentences": None})
        elif given not in OWN:
            yield given


@pytest.mark.parametrize("page", PAGES)
def test_no_sentence_is_left_in_english(page: str) -> None:
    app = App(page, lang="zh")
    english = [text for text in shown(app) if SENTENCE.search(text)]
    assert not english
    assert re.search("[一-鿿]", app.at.title[0].value)


def test_a_visitor_changes_the_language_and_the_link_keeps_it() -> None:
    app = App("vit", head="3", layer="2")
    english = app.hero["title"]
    app.at.button(key="speak zh").click()
    app.run()
    assert (english, app.hero["title"]) == ("Layer 2, head 3", "第 2 层，头 3")
    assert app.link["lang"] == "zh"
    app.at.button(key="speak en").click()
    assert app.run().hero["title"] == english
    assert "lang" not in app.link


def test_errors_and_notices_are_translated_and_keep_their_values() -> None:
    app = App("vit", lang="zh", model="bundled-vti", head="99")
    (error,) = app.errors
    assert error.startswith("没有模型 'bundled-vti'：你是不是想找 'bundled-vit'")
    assert "链接要求 head = “99”，这里没有：显示默认值。" in app.notices


def test_a_language_that_there_is_not_is_said_and_english_shown() -> None:
    app = App("vit", lang="xx")
    assert app.at.title[0].value == "ViT heads"
    assert any("lang = “xx”" in each for each in app.notices)
