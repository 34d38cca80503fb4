"""The page of words."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.models.loading import loader
from heedmap.views.words import EXAMPLES

from tests import texts
from tests.pages.app import App

TEXT = "a photo of a small dog"


@pytest.fixture(scope="module")
def found() -> viz.TextAttention:
    return viz.record_text(models.load("bundled-bert"), TEXT)


def test_the_head_that_is_chosen_is_shown(found: viz.TextAttention) -> None:
    app = App("words", text=TEXT, layer="1", head="2", model="bundled-bert")
    given = app.words()
    assert tuple(given["tokens"]) == found.tokens
    assert found.attention is not None
    np.testing.assert_array_equal(given["values"], found.attention[1, 2].ravel())
    app.set("layer", 0).set("head", "mean")
    mean = found.attention[0].mean(0, dtype=np.float32).astype(np.float16)
    np.testing.assert_array_equal(app.words()["values"], mean.ravel())
    assert (app.link["layer"], app.link["head"]) == ("0", "mean")
    sprite = app.overview()
    assert (sprite["chosen"], len(sprite["layers"])) == ("0,mean", found.depth)


def test_the_mean_stays_chosen_on_the_way_back_to_the_first_layer() -> None:
    app = App("words", model="bundled-bert", text=TEXT)
    first, head = app.at.slider(key="words.layer").value, app.at.selectbox(key="words.head").value
    assert head != "mean"
    app.set("layer", 0 if first else 1).set("head", "mean").set("layer", first)
    assert app.overview()["chosen"] == f"{first},mean"
    app.set("head", head).set("text", "two dogs")
    assert "head" not in app.link, "the first view, as long as nothing is chosen"


def test_what_is_written_is_in_a_copied_link_alone() -> None:
    app = App("words", text=TEXT)
    assert "text" not in app.link
    assert app.copied() == {"text": TEXT}
    app.set("text", "two dogs")
    assert app.copied() == {"text": "two dogs"}
    assert "dogs" not in str(app.link)
    assert app.words()["tokens"][1:3] == ["two", "dog"]
    app.go("clip").go("words")
    assert app.words()["tokens"][1:3] == ["two", "dog"]  # kept while the visitor is elsewhere


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("  ", "The text is empty: write a sentence."),
        ("dog " * 5000, "This text is 5,003 tokens long and Heedmap CLIP at 128 px reads 32"),
    ],
)
def test_a_text_that_cannot_be_read_is_told_and_another_shown(text: str, says: str) -> None:
    app = App("words", model="bundled-clip").set("text", text)
    assert says in app.errors[0]
    assert app.words()["tokens"][1:3] == ["·the", "·cat"]
    app.set("text", "two dogs").set("text", text)
    assert says in app.errors[0]
    assert app.words()["tokens"][1:3] == ["·two", "·dogs"]  # what worked last stays


def test_a_long_text_is_reduced_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heedmap.viz.capture.text.WHOLE", 8)
    monkeypatch.setattr("heedmap.viz.capture.text.SMALL", 4)
    app = App("words", text="two cats and three dogs sat on a mat", word="2", layer="1", head="2")
    given = app.words()
    assert len(given["values"]) == 0
    assert len(given["small"]) == 4 * 4
    model = models.load("bundled-bert")
    assert isinstance(model, models.TextAdapter)
    x = model.encode("two cats and three dogs sat on a mat")
    wanted = viz.text_head(model, x, 1, 2)
    np.testing.assert_allclose(given["row"], wanted[2], atol=1e-3)
    (told,) = [each.value for each in app.at.caption if "too long for whole" in each.value]
    assert f"A text of {len(x)} tokens" in told


def test_numbers_of_all_heads(found: viz.TextAttention) -> None:
    app = App("words", text=TEXT, deeper="numbers")
    table = app.at.dataframe[0].value
    assert len(table) == found.depth * found.heads
    np.testing.assert_allclose(table["On the first token"], found.numbers["first"].ravel())


@pytest.fixture
def bert(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A masked language model with random weights in place of the bundled one."""
    adapter = models.wrap(texts.build("BERT"), tokenizer=texts.wordpiece(), id="bundled-bert")
    monkeypatch.setitem(loader._cache._loaded, "bundled-bert", adapter)
    return adapter


def test_masks_are_filled_and_pairs_are_read(bert: Any) -> None:
    app = App("words", mode="pair", text="the [MASK] sat", second="good", word="2")
    given = app.words()
    assert given["tokens"] == ["[CLS]", "the", "[MASK]", "sat", "[SEP]", "good", "[SEP]"]
    assert given["parts"] == [-1, 0, 0, 0, -1, 1, -1]
    assert given["at"] == 2
    (guess,) = given["guesses"]
    wanted = viz.guess_words(bert, bert.encode("the [MASK] sat", "good"))[0]
    assert guess["tokens"] == list(wanted.tokens)
    np.testing.assert_allclose(guess["shares"], wanted.shares)
    assert EXAMPLES["pair"][0] not in str(app.link)


def test_a_word_that_is_picked_is_guessed_anew_and_asked_why(bert: Any) -> None:
    app = App("words", text="the cat sat", word="2", deeper="why", methods="relevance~ig")
    x = bert.masked(bert.encode("the cat sat"), 2)
    (wanted,) = viz.guess_words(bert, x)
    (guess,) = app.words()["guesses"]
    assert guess["title"] == "What it would put in place of cat, token 2"
    np.testing.assert_allclose(guess["shares"], wanted.shares)
    assert app.words()["tokens"][2] == "cat"
    relevance, integrated = shaded(app)
    found = viz.explain_text(bert, x, "relevance", 2, wanted.ids[0])
    np.testing.assert_allclose(numbers(relevance), found.shares, rtol=0.05)
    assert "[MASK]" in relevance
    assert len(numbers(integrated)) == 5
    app.set("guess", 1)
    other = viz.explain_text(bert, x, "relevance", 2, wanted.ids[1])
    np.testing.assert_allclose(numbers(shaded(app)[0]), other.shares, rtol=0.05)
    assert app.link["guess"] == "1"
    assert "cat" not in str(app.link)


def numbers(body: str) -> list[float]:
    """The numbers of the tokens of a text that is shaded."""
    return [float(each.replace("−", "-")) for each in re.findall(r'title="([^"]+)', body)]


def shaded(app: App) -> list[str]:
    """The texts that methods shade."""
    found = [each.proto.body for each in app.at.get("html")]
    return [body for body in found if 'class="shaded"' in body]


def test_two_texts_are_compared_token_by_token(bert: Any) -> None:
    app = App(
        "words", mode="compare", text="the movie was not good.", second="the movie was good.",
        layer="1", head="3", word="5",
    )  # fmt: skip
    found = [viz.record_text(bert, text) for text in ("the movie was not good.",
                                                      "the movie was good.")]  # fmt: skip
    both = [each.attention[1, 3].astype(np.float32) for each in found]  # type: ignore[index]
    keep = [0, 1, 2, 3, 5, 6, 7]  # all but "not"
    given = app.words("difference")
    assert given["tokens"] == ["[CLS]", "the", "movie", "was", "good", ".", "[SEP]"]
    wanted = both[1] - both[0][np.ix_(keep, keep)]
    np.testing.assert_array_equal(given["values"], wanted.astype(np.float16).ravel())
    assert (app.words("text")["at"], app.words("second text")["at"]) == (5, 4)


def test_texts_without_a_common_token_are_told() -> None:
    app = App("words", mode="compare", text="a", second="dog")
    assert not app.errors  # their first and last tokens are the same
    assert app.words("difference")["tokens"] == ["[CLS]", "[SEP]"]
