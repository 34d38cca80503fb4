"""What is taken along from words: figures, values, and programs that make the same figure."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from heedmap import models
from heedmap.views import two_texts, word_figure, words
from heedmap.views.paper import MM, Paper
from heedmap.views.request import TextRequest
from heedmap.views.words import WordMap
from heedmap.viz.capture import text as capture
from PIL import Image
from pypdf import PdfReader

COLUMN = Paper(width=85, dpi=100)


def head_of(text: str, layer: int = 1, head: str = "2") -> WordMap:
    clip = models.load("bundled-clip")
    return words.word_map(clip, words.source(clip, TextRequest(text, clip.id)), layer, head)


def made(program: str) -> bytes:
    names: dict = {}
    exec(program, names)
    picture: bytes = names["picture"]
    return picture


@pytest.mark.parametrize(("head", "at"), [("2", 2), ("mean", None)])
def test_the_program_makes_the_figure(head: str, at: int | None) -> None:
    every = word_figure.figures(head_of("a photo of a dog", head=head), at)
    assert [each.drawing for each in every] == ["text", "lines", "matrix"]
    for each in every:
        assert made(each.python(COLUMN)) == each.make("png", COLUMN), each.label


def test_that_of_a_long_text_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "WHOLE", 4)
    monkeypatch.setattr(capture, "SMALL", 5)
    shown = head_of("a photo of two long dogs")
    assert not shown.whole
    text, matrix = word_figure.figures(shown, None)
    assert (len(text.numbers.tokens), len(matrix.numbers.tokens)) == (8, 5)
    for each in (text, matrix):
        assert made(each.python(COLUMN)) == each.make("png", COLUMN), each.label


def test_two_texts_and_their_difference() -> None:
    one, two = head_of("the dog was not good"), head_of("the dog was good")
    found = two_texts.compared(one.source, two.source)
    every = word_figure.of_two(found, one, two, 2)
    assert [each.label for each in every] == [
        "The first text", "The second text", "Their difference",
    ]  # fmt: skip
    assert len({each.name for each in every}) == 3
    for each in every:
        assert made(each.python(COLUMN)) == each.make("png", COLUMN), each.label
    held = np.load(io.BytesIO(every[2].make("npz", COLUMN)))
    np.testing.assert_array_equal(held["difference"], found.difference(one, two))


def test_files_are_read_by_their_readers() -> None:
    shown = head_of("a photo of a dog")
    figure = word_figure.figures(shown, 5, "http://localhost/words?word=5")[0]
    with zipfile.ZipFile(io.BytesIO(figure.make("zip", COLUMN))) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    (page,) = PdfReader(io.BytesIO(files["figure.pdf"])).pages
    assert float(page.mediabox.width) == pytest.approx(72 * 85 / MM, abs=0.1)
    said = " ".join(page.extract_text().split())
    for text in ("What “dog” attends to", "·photo", shown.title):
        assert text in said
    svg = ElementTree.fromstring(files["figure.svg"])
    assert "What attends to “dog”" in " ".join(svg.itertext())
    with Image.open(io.BytesIO(files["figure.png"])) as picture:
        assert picture.width == pytest.approx(100 * 85 / MM, abs=1)
    held = np.load(io.BytesIO(files["values.npz"]))
    assert tuple(held["tokens"]) == shown.source.found.tokens
    np.testing.assert_array_equal(held["attention"], shown.values)
    lines = list(csv.DictReader(io.StringIO(files["values.csv"].decode())))
    assert (lines[-1]["query"], lines[1]["key token"]) == ("6", "·a")
    assert np.float32(lines[1]["value"]) == shown.values[0, 1]
    told = json.loads(files["view.json"])
    assert told["attention"]["text"] == "a photo of a dog"
    assert (told["attention"]["layer"], told["attention"]["head"], told["attention"]["word"]) == (
        1, 2, 5,
    )  # fmt: skip
    assert told["link"].endswith("word=5")
    assert "dog" not in figure.name
