"""Each method over tokens against its formula, written out with matrices of an eager model."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch
from heedmap import models, viz
from heedmap.errors import SettingError

from tests import texts

TEXT = "the cat sat on the [MASK]."
NAMES = ("BERT", "DeBERTa v2", "ModernBERT", "GPT-2", "Llama", "Gemma 3", "CLIP")


def adapter_of(name: str) -> Any:
    tokenizer = texts.wordpiece() if name in texts.ENCODERS else texts.byte_level()
    return models.wrap(texts.build(name), tokenizer=tokenizer, id=name)


def eager(name: str, x: models.Encoded, **more: Any) -> Any:
    """What the model itself returns, with its attention and its features, in a graph."""
    module = texts.build(name, "eager")
    taken = inspect.signature(module.forward).parameters
    given = {k: v for k, v in x.inputs.items() if k in taken} | more
    return module(**given, output_attentions=True, output_hidden_states=True)


def score(output: Any, target: viz.TextTarget) -> torch.Tensor:
    if target.token is None:
        features: torch.Tensor = output.last_hidden_state[0, target.place]
        return features.norm()
    found: torch.Tensor = output.logits[0, target.place, target.token]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_relevance_and_rollout_are_products_of_whole_matrices(name: str) -> None:
    adapter = adapter_of(name)
    x = adapter.encode(TEXT)
    found = viz.explain_text(adapter, x, "relevance")
    output = eager(name, x)
    assert (found.target.token is None) == (name == "CLIP")
    assert found.target.place == (6 if name in texts.ENCODERS else len(x) - 1)
    if found.target.token is not None:
        assert found.target.token == int(output.logits[0, found.target.place].argmax())
    gradients = torch.autograd.grad(score(output, found.target), output.attentions)
    identity = torch.eye(len(x))
    whole = product = identity
    for layer, gradient in zip(output.attentions, gradients, strict=True):
        whole = whole + (gradient * layer)[0].clamp_min(0).mean(0) @ whole
        product = (0.5 * layer[0].mean(0) + 0.5 * identity) @ product
    wanted = whole[found.target.place].detach().numpy()
    np.testing.assert_allclose(found.shares, wanted, atol=2e-6)
    rolled = viz.explain_text(adapter, x, "rollout", 3)
    np.testing.assert_allclose(rolled.shares, product[3].detach(), atol=2e-6)
    assert rolled.shares.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["BERT", "GPT-2"])
def test_integrated_gradients_are_the_integral(name: str) -> None:
    """By the same rule over the embeddings, taken as an argument of the model."""
    adapter = adapter_of(name)
    x = adapter.encode(TEXT)
    found = viz.explain_text(adapter, x, "ig")
    words = texts.build(name).get_input_embeddings()
    here = words(x.inputs["input_ids"]).detach()
    empty = torch.zeros_like(here)
    if name == "BERT":
        ids = torch.where(x.inputs["input_ids"] < 5, x.inputs["input_ids"], 4)
        empty = words(ids).detach()
    part, whole = torch.zeros_like(here), dict(x.inputs)
    x.inputs.clear()
    x.inputs.update({k: v for k, v in whole.items() if k != "input_ids"})
    for node, weight in zip(*np.polynomial.legendre.leggauss(32), strict=True):
        between = (empty + (node + 1) / 2 * (here - empty)).float().requires_grad_()
        output = eager(name, x, inputs_embeds=between)
        (gradient,) = torch.autograd.grad(score(output, found.target), between)
        part += weight / 2 * gradient
    wanted = (part * (here - empty))[0].sum(-1)
    np.testing.assert_allclose(found.shares, wanted.numpy(), atol=1e-5)
    gained = [score(eager(name, x, inputs_embeds=each), found.target) for each in (here, empty)]
    assert found.signed
    assert found.shares.sum() == pytest.approx((gained[0] - gained[1]).item(), abs=1e-3)


def test_a_word_is_hidden_and_a_guess_is_chosen() -> None:
    adapter = adapter_of("BERT")
    x = adapter.encode("the cat sat")
    assert viz.text_target(adapter, x).name == "how strong the features of [CLS] are"
    hidden = adapter.masked(x, 2)
    assert hidden.tokens == ("[CLS]", "the", "[MASK]", "sat", "[SEP]")
    assert x.tokens[2] == "cat"
    (guess,) = viz.guess_words(adapter, hidden)
    asked = [viz.text_target(adapter, hidden, 2, id) for id in guess.ids[:2]]
    assert asked[0] == viz.text_target(adapter, hidden)
    assert [each.name for each in asked] == [f"“{t}” in place of [MASK]" for t in guess.tokens[:2]]


def test_the_module_stays_as_it_was() -> None:
    adapter = adapter_of("BERT")
    for method in viz.TEXT_METHODS:
        viz.explain_text(adapter, adapter.encode("the cat"), method)
    assert not any(part._forward_hooks for part in adapter.module.modules())
    assert all(weight.grad is None for weight in adapter.module.parameters())


def test_what_cannot_be_asked_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = adapter_of("BERT")
    x = adapter.encode("the cat")
    with pytest.raises(SettingError, match="no token 99: choose 0 to 3"):
        viz.explain_text(adapter, x, "rollout", 99)
    with pytest.raises(SettingError, match="There is no method 'legrad'"):
        viz.explain_text(adapter, x, "legrad")
    with pytest.raises(SettingError, match="no token 310: choose 0 to 309"):
        viz.explain_text(adapter, x, "relevance", 1, 310)
    with pytest.raises(SettingError, match="guesses no words, so token 3 cannot be asked for"):
        viz.explain_text(adapter_of("CLIP"), adapter_of("CLIP").encode("a"), "relevance", 0, 3)
    with pytest.raises(SettingError, match="has no masked token"):
        adapter_of("GPT-2").masked(adapter_of("GPT-2").encode("cat"), 0)
    monkeypatch.setattr("heedmap.viz.why.text.MOST", 3)
    with pytest.raises(SettingError, match="up to 3 tokens, and this one has 4"):
        viz.explain_text(adapter, x, "ig")
