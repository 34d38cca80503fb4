"""Relevance over the words of a prompt, against whole matrices of an eager text tower."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from heedmap import models, viz
from heedmap.errors import ModelError

from tests.models.adapter.test_text import KINDS, LONGEST, wrapped

TEXT = "two dogs, and a cat"
READ_FROM = {"CLIP": 7, "SigLIP": LONGEST - 1, "SigLIP 2 NaFlex": LONGEST - 1, "Chinese CLIP": 0}


def photo() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (32, 48, 3), dtype=np.uint8)


@pytest.mark.parametrize("kind", list(KINDS))
def test_words_are_weighed_by_chefers_rule(kind: str) -> None:
    adapter = wrapped(kind)
    x = adapter.prepare(photo())
    found = viz.prompt_relevance(adapter, x, TEXT)
    assert found.words == ("two", "dogs", ",", "and", "a", "cat")

    module = adapter.module
    feature = adapter.text.embed(adapter.forward(x.pixels).clone())[0].detach()
    tokens = adapter.text.tokens(TEXT)
    module.set_attn_implementation("eager")
    kept: list[torch.Tensor] = []

    def keep(_: object, __: object, output: object) -> None:
        if isinstance(output, tuple):  # the part within, not what adds the residual
            kept.append(output[1])

    for part in module.text_model.encoder.modules():
        if type(part).__name__.endswith("Attention"):
            part.register_forward_hook(keep)
    text = module.get_text_features(**tokens.inputs).pooler_output[0]
    layers = list(dict.fromkeys(kept))
    score = torch.cosine_similarity(text, feature, dim=0)
    gradients = torch.autograd.grad(score, layers)
    whole = torch.eye(layers[0].shape[-1])
    for layer, gradient in zip(layers, gradients, strict=True):
        whole = whole + (gradient * layer)[0].clamp_min(0).mean(0) @ whole
    wanted = whole[READ_FROM[kind], 1:7].detach().numpy()  # one token a word, behind the first
    assert len(layers) == 2
    np.testing.assert_allclose(found.relevance, wanted, atol=1e-5 * wanted.max())
    assert found.cosine == pytest.approx(score.item(), abs=1e-5)


def test_a_word_in_pieces_is_their_sum_and_hooks_are_gone() -> None:
    adapter = models.load("bundled-clip")
    x = adapter.prepare(photo(), size=64)
    found = viz.prompt_relevance(adapter, x, "a quixotic dog")
    assert found.words == ("a", "quixotic", "dog")
    assert (found.relevance >= 0).all()
    assert found.relevance.max() > 0
    assert not any(part._forward_hooks for part in adapter.module.modules())
    assert not any(weight.requires_grad for weight in adapter.module.parameters())


def test_a_model_without_texts_is_told() -> None:
    vit = models.load("bundled-vit")
    with pytest.raises(ModelError, match="has no text tower"):
        viz.prompt_relevance(vit, vit.prepare(photo(), size=64), "a dog")
