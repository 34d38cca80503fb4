"""Attention over words against what each family forms itself when it runs eagerly."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np
import pytest
import torch
from heedmap import models, viz
from heedmap.errors import CaptureError, ModelError, SettingError
from heedmap.viz.capture import text as capture

from tests import texts
from tests.texts import PAIR, TEXT

CASES = [(name, None, None) for name in texts.ALL] + [
    (name, PAIR, length) for name in ("BERT", "DeBERTa v2", "ModernBERT", "Llama", "Gemma 3")
    for length in (None, 40)
]  # fmt: skip


def adapter_of(name: str) -> Any:
    tokenizer = texts.wordpiece() if name in texts.ENCODERS else texts.byte_level()
    return models.wrap(texts.build(name), tokenizer=tokenizer, id=name)


def eager(name: str, x: models.Encoded) -> np.ndarray:
    """(layers, heads, N, N), as the model itself returns it."""
    module = texts.build(name, "eager").base_model
    taken = inspect.signature(module.forward).parameters
    given = {k: v for k, v in x.inputs.items() if k in taken}
    with torch.inference_mode():
        found = module(**given, output_attentions=True).attentions
    return torch.stack(found)[:, 0].float().numpy()


@pytest.mark.parametrize(("name", "pair", "length"), CASES)
def test_it_is_what_the_model_forms_itself(name: str, pair: str | None, length: int | None) -> None:
    adapter = adapter_of(name)
    found = viz.record_text(adapter, TEXT, pair, length)
    real = np.array([kind != "pad" for kind in found.encoded.kinds])
    own = eager(name, found.encoded)
    assert found.attention is not None
    np.testing.assert_allclose(found.attention[:, :, real], own[:, :, real], atol=6e-4)
    head = viz.text_head(adapter, found.encoded, 1, 2)
    np.testing.assert_allclose(head[real], own[1, 2][real], atol=2e-6)
    np.testing.assert_allclose(head[real].sum(-1), 1, atol=1e-5)
    mean = viz.text_head(adapter, found.encoded, -1)
    np.testing.assert_allclose(mean[real], own[1].mean(0)[real], atol=2e-6)


def test_numbers_are_those_of_their_formulas() -> None:
    found = viz.record_text(adapter_of("BERT"), TEXT, PAIR, 40)
    a = viz.text_head(adapter_of("BERT"), found.encoded, 0, 1).astype(np.float64)
    kinds = np.array(found.encoded.kinds)
    real = np.flatnonzero(kinds != "pad")
    rows, n = a[real][:, real], len(real)
    entropy = -(rows * np.log(rows)).sum(-1) / np.log(n)
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    wanted = {
        "entropy": entropy.mean(),
        "distance": (rows * apart).sum(-1).mean(),
        "itself": np.diag(rows).mean(),
        "before": np.diag(rows, -1).sum() / n,
        "next": np.diag(rows, 1).sum() / n,
        "first": rows[:, 0].mean(),
        "cls": rows[:, 0].mean(),
        "sep": rows[:, kinds[real] == "sep"].sum(-1).mean(),
        "punctuation": rows[:, kinds[real] == "punctuation"].sum(-1).mean(),
        "pad": 0.0,
    }
    assert {name: found.numbers[name][0, 1] for name in found.numbers} == pytest.approx(
        wanted, abs=1e-5
    )
    assert found.uniform["distance"][0] == pytest.approx(apart.mean(), abs=1e-4)
    assert found.uniform["sep"][0] == pytest.approx(2 / n, abs=1e-6)
    assert found.uniform["entropy"][0] == pytest.approx(1, abs=1e-5)


def test_a_decoder_spreads_over_what_is_before() -> None:
    found = viz.record_text(adapter_of("GPT-2"), TEXT)
    assert found.uniform["entropy"][0] == pytest.approx(1, abs=1e-5)
    n = len(found.tokens)
    assert found.uniform["first"][1] == pytest.approx((1 / np.arange(1, n + 1)).mean(), abs=1e-5)
    assert found.attention is not None
    assert not np.triu(found.attention[0, 0], 1).any()


def test_long_texts_are_kept_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "WHOLE", 16)
    monkeypatch.setattr(capture, "SMALL", 8)
    adapter = adapter_of("Gemma 3")
    found = viz.record_text(adapter, TEXT, PAIR)
    assert found.attention is None
    head = viz.text_head(adapter, found.encoded, 1, 3)
    n = len(head)
    group = np.arange(n) * 8 // n
    cells = [[head[group == i][:, group == j].mean() for j in range(8)] for i in range(8)]
    np.testing.assert_allclose(found.small[1, 3], cells, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The text is empty: write a sentence."),
        (" \n", "The text is empty"),
        ("a \ud83d b", "half of a character"),
        ("the cat " * 60, "This text is 122 tokens long and BERT reads 96 at most: shorten it."),
        ("cat" * 40_000, "120,000 characters"),
        ("[CLS]", "finds nothing to read"),
        (7, "7 is not a text"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused(text: Any, says: str) -> None:
    with pytest.raises(SettingError, match=re.escape(says)):
        viz.record_text(adapter_of("BERT"), text)


def test_wrong_calls_are_told() -> None:
    adapter = adapter_of("BERT")
    with pytest.raises(ModelError, match="reads text and no photos"):
        adapter.prepare(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ModelError, match=r"give its tokenizer of Transformers"):
        models.wrap(texts.build("BERT"))
    with pytest.raises(SettingError, match="has no head 4: choose 0 to 3"):
        viz.text_head(adapter, adapter.encode(TEXT), 0, 4)
    with pytest.raises(SettingError, match="length=3 does not fit"):
        adapter.encode(TEXT, length=3)
    with pytest.raises(SettingError, match="is not a language model"):
        viz.record_text("bundled-vit", TEXT)  # type: ignore[arg-type]


def test_attention_that_cannot_be_watched_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = adapter_of("BERT")
    adapter.depth = 3
    with pytest.raises(CaptureError, match="2 layers of attention were seen where 3 are known"):
        viz.record_text(adapter, TEXT)
    monkeypatch.setattr(adapter, "read", lambda x: None)
    with pytest.raises(CaptureError, match="does not pass through a call that can be watched"):
        viz.record_text(adapter, TEXT)


def test_guesses_are_the_softmax_of_the_models_own_head() -> None:
    adapter = adapter_of("BERT")
    x = adapter.encode("the [MASK] sat on the [MASK]")
    with torch.inference_mode():
        logits = adapter.module(**x.inputs).logits[0]
    shares, ids = logits[2].softmax(-1).topk(3)
    first, second = viz.guess_words(adapter, x, 3)
    assert (first.place, second.place) == (2, 6)
    assert first.shares == pytest.approx(shares.tolist())
    assert list(first.tokens) == adapter.shown(ids.tolist())
    assert viz.guess_words(adapter, adapter.encode("the cat")) == ()
    (following,) = viz.guess_words(adapter_of("Llama"), adapter_of("Llama").encode("the cat"))
    assert following.place == 2
    between = viz.guess_words(adapter_of("Llama"), adapter_of("Llama").encode("the cat"), 3, [0])
    assert between[0].place == 1  # what comes behind the first token


def test_a_vocabulary_may_be_smaller_than_the_models() -> None:
    """Models have rows for tokens that no tokenizer has."""
    adapter = adapter_of("BERT")
    found = viz.guess_words(adapter, adapter.encode("[MASK]"), 310)[0]
    assert len(found.tokens) == 310
    assert "#309" in found.tokens
