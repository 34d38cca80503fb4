"""Texts as tokenizers cut them."""

from __future__ import annotations

import pytest
from heedmap import models
from heedmap.models.families.language import LONGEST

from tests import texts


@pytest.fixture(scope="module")
def bert() -> models.TextAdapter:
    made = models.wrap(texts.build("BERT"), tokenizer=texts.wordpiece())
    assert isinstance(made, models.TextAdapter)
    return made


@pytest.fixture(scope="module")
def gpt2() -> models.TextAdapter:
    made = models.wrap(texts.build("GPT-2"), tokenizer=texts.byte_level())
    assert isinstance(made, models.TextAdapter)
    return made


def test_a_pair_is_cut_and_told_apart(bert: models.TextAdapter) -> None:
    x = bert.encode("cats sat.", "good [MASK]", length=12)
    assert x.tokens == (
        *("[CLS]", "cat", "##s", "sat", ".", "[SEP]", "good", "[MASK]", "[SEP]"),
        *("[PAD]",) * 3,
    )
    assert x.kinds == (
        *("cls", "word", "word", "word", "punctuation", "sep", "word", "mask", "sep"),
        *("pad",) * 3,
    )
    assert x.parts == (-1, 0, 0, 0, 0, -1, 1, 1, -1, -1, -1, -1)
    assert x.inputs["attention_mask"][0].tolist() == [1] * 9 + [0] * 3
    assert x.inputs["token_type_ids"][0].tolist() == [0] * 6 + [1] * 3 + [0] * 3


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("the cat", ["the", "·cat"]),
        ("the\ncat", ["the", "↵", "cat"]),
        ("a\x07", ["a", "U+0007"]),
        ("é", ["C3", "A9"]),
        ("👍", ["F0", "9F", "91", "8D"]),
        ("שלום", ["D7", "A9", "D7", "9C", "D7", "95", "D7", "9D"]),
    ],
)
def test_bytes_and_what_cannot_be_seen_are_spelled_out(
    gpt2: models.TextAdapter, text: str, tokens: list[str]
) -> None:
    assert list(gpt2.encode(text).tokens) == tokens


def test_words_that_a_tokenizer_does_not_know_stay_words(bert: models.TextAdapter) -> None:
    x = bert.encode("👍 שלום")
    assert x.tokens == ("[CLS]", "[UNK]", "[UNK]", "[SEP]")
    assert x.kinds == ("cls", "word", "word", "sep")


@pytest.mark.parametrize(
    ("name", "longest", "fills"),
    [("BERT", 96, "masked"), ("RoBERTa", 95, "masked"), ("Llama", 96, "next"), ("CLIP", 96, "")],
)
def test_what_a_model_takes_and_guesses(name: str, longest: int, fills: str) -> None:
    made = models.wrap(texts.build(name), tokenizer=texts.wordpiece())
    assert isinstance(made, models.TextAdapter)
    assert (made.longest, made.fills) == (longest, fills)
    assert made.can == {"text"}
    assert longest <= LONGEST
