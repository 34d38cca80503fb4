"""A phrase is English, and can be said in another language later, elsewhere and once more."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal

import numpy as np
import pytest
from heedmap import languages
from heedmap.errors import ImageError, UnknownModelError
from heedmap.languages import Phrase, in_language, join, nearest, number, translated
from heedmap.languages.wire import read, written

LATIN = {
    "{name} has {size:.1f} MB": "{name}: {size:.1f} MB habet",
    "the file": "tabula",
    "{one} and {other}": "{one} et {other}",
}


@pytest.fixture(autouse=True)
def latin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "catalogue", {"la": LATIN}.__getitem__)


def large() -> Phrase:
    return Phrase("{name} has {size:.1f} MB", name=Phrase("the file"), size=np.float32(20.04))


def test_numbers_have_a_true_minus_in_every_language() -> None:
    cold = Phrase("{name} has {size:.1f} MB", name="a-b", size=-2.04)
    assert cold == "a-b has −2.0 MB"
    assert translated(cold, "la") == "a-b: −2.0 MB habet"
    assert Phrase("{value:.3g} at {row}", value=np.float32(-1.25e-7), row=-1) == "−1.25e−07 at −1"
    assert number(-0.01634) == "−0.0163"


def test_a_phrase_is_english_and_its_values_are_translated_with_it() -> None:
    assert large() == "the file has 20.0 MB"
    assert translated(large(), "la") == "tabula: 20.0 MB habet"
    assert translated("the file", "la") == "the file"  # a name of the visitor's, say
    assert in_language({"a": [large()], "b": ("x", 1)}, "la") == {
        "a": ["tabula: 20.0 MB habet"], "b": ("x", 1),
    }  # fmt: skip


def test_what_a_catalogue_lacks_stays_english() -> None:
    assert translated(Phrase("{count} heads", count=3), "la") == "3 heads"


def test_a_row_of_texts_is_said_pair_by_pair() -> None:
    row = join(["a", Phrase("the file"), "c"], "{one} and {other}")
    assert (row, translated(row, "la")) == ("a and the file and c", "a et tabula et c")
    assert join([]) == ""


def test_braces_of_a_value_are_no_placeholders() -> None:
    name = "{size} {0} {"
    assert Phrase("{name} has {size:.1f} MB", name=name, size=1.0) == "{size} {0} { has 1.0 MB"
    assert ImageError(name).sentence == name


@pytest.mark.parametrize("kind", [ImageError, UnknownModelError])
def test_an_error_keeps_its_sentence_from_process_to_process(kind: type[ImageError]) -> None:
    error = kind("{name} has {size:.1f} MB", name=Phrase("the file"), size=Decimal(20))
    there = pickle.loads(pickle.dumps(error))
    assert str(there) == str(error) == "the file has 20.0 MB"
    assert translated(there.sentence, "la") == "tabula: 20.0 MB habet"


def test_a_phrase_is_read_as_it_was_written() -> None:
    found = read(written(large()))
    assert (found, translated(found, "la")) == (large(), "tabula: 20.0 MB habet")


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        json.dumps(["{name.__class__}", {"name": "x"}]),
        json.dumps(["{name:>999999999}", {"name": "x"}]),
        json.dumps(["{name} {gone}", {"name": "x"}]),
        json.dumps(["{name", {"name": "x"}]),
        json.dumps([1, 2, 3]),
        json.dumps({"name": "x"}),
    ],
)
def test_what_a_broken_process_writes_is_text(text: str) -> None:
    assert read(text) == text


@pytest.mark.parametrize(
    ("tag", "language"),
    [("zh-CN", "zh"), ("zh", "zh"), ("ZH-Hant-TW", "zh"), ("de", "en"), ("", "en")],
)
def test_the_nearest_language_of_a_tag(tag: str, language: str) -> None:
    assert nearest(tag) == language
