"""Attention over words: the head to show first, what is said of a head, two texts compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.errors import SettingError
from heedmap.views import two_texts, words
from heedmap.views.request import TextRequest
from heedmap.views.words import Source, WordMap

from tests import texts


@pytest.fixture(scope="module")
def bert() -> Any:
    return models.wrap(texts.build("BERT"), tokenizer=texts.wordpiece(), id="bert")


def source_of(adapter: Any, text: str) -> Source:
    return words.source(adapter, TextRequest(text, "bert"))


def planted(source: Source, **numbers: float) -> WordMap:
    """A map of a head with some numbers."""
    all_ = {
        name: np.full_like(each, numbers.get(name, 0.1))
        for name, each in source.found.numbers.items()
    }
    return WordMap(replace(source, found=replace(source.found, numbers=all_)), 0, "0", np.eye(3))


def test_what_a_head_does_is_told(bert: Any) -> None:
    source = source_of(bert, "the cat sat.")
    assert "Each token reads mostly the one before it: 70.0%" in planted(source, before=0.7).told
    sink = planted(source, sep=0.8, first=0.1).told
    assert sink.startswith("Most goes to [SEP]: 80.0%, 4.8 times an even share: an attention sink")
    assert "nearly evenly" in planted(source, entropy=0.97).told
    assert planted(source).told.startswith("No single rule")


def test_the_first_head_is_concentrated_and_no_sink(bert: Any) -> None:
    source = source_of(bert, "the cat sat.")
    numbers = {name: np.full((2, 4), 0.1, np.float32) for name in source.found.numbers}
    numbers["entropy"] = np.arange(8, dtype=np.float32).reshape(2, 4) / 10
    numbers["sep"][0] = 0.9
    source = replace(source, found=replace(source.found, numbers=numbers))
    assert source.first == (1, "0")
    numbers["before"][1] = 0.9
    assert source.first == (1, "mean")


def test_attention_that_moves_is_the_total_variation(bert: Any) -> None:
    one, two = (source_of(bert, text) for text in ("the movie was not good", "the movie was good"))
    found = two_texts.compared(one, two)
    a, b = (viz.text_head(bert, each.encoded, 1, 2) for each in (one, two))
    ours, theirs = map(list, zip(*found.pairs, strict=True))
    moved = []
    for query, other in found.pairs:
        rows = a[query, ours], b[other, theirs]
        rest = abs((1 - rows[0].sum()) - (1 - rows[1].sum()))
        moved.append((abs(rows[0] - rows[1]).sum() + rest) / 2)
    assert found.apart()[1, 2] == pytest.approx(np.mean(moved), abs=2e-3)
    layer, head, word = found.furthest()
    assert found.moved()[layer, head, word] >= found.moved()[1, 2, 1]
    assert one.encoded.kinds[found.pairs[word][0]] == "word"
    same = two_texts.compared(one, one)
    assert same.apart().max() == pytest.approx(0, abs=1e-6)
    assert not same.difference(*[words.word_map(bert, one, 0, "mean")] * 2).any()


def test_the_head_where_two_texts_part_most_is_none_that_reads_by_place() -> None:
    bert = models.load("bundled-bert")
    texts = [source_of(bert, text) for text in words.EXAMPLES["compare"]]
    found = two_texts.compared(*texts)

    def by_place(layer: int, head: int) -> float:
        maps = [viz.text_head(bert, each.encoded, layer, head) for each in texts]
        return max(np.diagonal(each, k).sum() / len(each) for each in maps for k in (-1, 0, 1))

    moved = found.moved().max(-1)
    most = np.unravel_index(moved.argmax(), moved.shape)
    assert by_place(*map(int, most)) > two_texts.NEAR, "or the rule is for nothing"
    layer, head, _ = found.furthest()
    assert by_place(layer, head) < two_texts.NEAR


def test_long_texts_are_not_compared(bert: Any) -> None:
    source = source_of(bert, "the cat")
    long = replace(source, found=replace(source.found, attention=None))
    with pytest.raises(SettingError, match="Texts of at most 512 tokens"):
        two_texts.compared(source, long)


def test_a_long_text_runs_again_for_one_head(bert: Any) -> None:
    source = source_of(bert, "the cat sat on the mat")
    long = replace(source, found=replace(source.found, attention=None))
    for head in ("2", "mean"):
        whole = words.word_map(bert, source, 1, head)
        np.testing.assert_allclose(
            words.word_map(bert, long, 1, head).values, whole.values, atol=4e-4
        )
