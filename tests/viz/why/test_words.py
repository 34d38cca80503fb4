"""Word maps against the formulas, written out with the weights of each tower."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from heedmap import models, viz
from heedmap.errors import ModelError, SettingError
from torch.nn.functional import linear, normalize

from tests.models.adapter.test_text import wrapped

WORDS = ["a cat", "two dogs"]
HEADS = 4


def photo() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (32, 48, 3), dtype=np.uint8)


def clip_head(module, tokens):
    return module.visual_projection(module.vision_model.post_layernorm(tokens))


def siglip_head(module, tokens):
    """The pooling head, whose probe attends to one token alone: that token's value."""
    head, tokens = module.vision_model.head, module.vision_model.post_layernorm(tokens)
    value = linear(
        tokens, head.attention.in_proj_weight.chunk(3)[2], head.attention.in_proj_bias.chunk(3)[2]
    )
    mixed = head.attention.out_proj(value)
    return mixed + head.mlp(head.layernorm(mixed))


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("CLIP", clip_head),
        ("Chinese CLIP", clip_head),
        ("SigLIP", siglip_head),
        ("SigLIP 2 NaFlex", siglip_head),
    ],
)
@torch.no_grad()
def test_both_maps_are_maskclips_formula_or_the_same_with_attention(
    kind: str, head: Callable[..., torch.Tensor]
) -> None:
    adapter = wrapped(kind)
    x = adapter.prepare(photo())
    tower = adapter.module.vision_model
    last = tower.encoder.layers[-1]
    kept: list[torch.Tensor] = []
    with last.register_forward_hook(lambda _, inputs, output: kept.extend([inputs[0], output])):
        adapter.forward(x.pixels)
    before, after = (tokens[0, adapter.prefix :] for tokens in kept)
    y = before + last.self_attn.out_proj(last.self_attn.v_proj(last.layer_norm1(before)))
    alone = y + last.mlp(last.layer_norm2(y))
    words = adapter.encode_text(WORDS)
    found = viz.word_maps(adapter, x, WORDS)
    for heat, tokens in ((found.similarity, after), (found.value_path, alone)):
        wanted = words @ normalize(head(adapter.module, tokens), dim=1).T
        np.testing.assert_allclose(heat.reshape(2, -1), wanted, atol=2e-6)
        assert heat.shape == (2, *x.grid)
    assert not any(part._forward_hooks for part in adapter.module.modules())


def test_scores_are_the_models_own_beside_a_neutral_text() -> None:
    adapter = wrapped("CLIP")
    x = adapter.prepare(photo(), fit="squash")
    tokens = adapter.text.words.call([*WORDS, "a photo"], 12, False)
    with torch.no_grad():
        own = adapter.module(
            pixel_values=x.pixels,
            input_ids=tokens["input_ids"],
            attention_mask=tokens["attention_mask"],
        ).logits_per_image[0]
    found = viz.word_maps(adapter, x, WORDS)
    np.testing.assert_allclose(found.shares, own.softmax(0), atol=1e-5)
    scale = adapter.module.logit_scale.exp().item()
    np.testing.assert_allclose(found.cosines * scale, own[:2], rtol=1e-4)


@pytest.mark.parametrize("method", ["relevance", "legrad", "rollout"])
def test_siglip_of_transformers_is_explained_through_its_pooling_head(method: str) -> None:
    adapter = wrapped("SigLIP")
    x = adapter.prepare(photo())
    heat = viz.explain(adapter, x, method, "a cat").heat
    assert heat.shape == x.grid
    assert heat.max() > 0


def test_relevance_of_siglip_starts_in_its_pooling_head() -> None:
    """The first row is the head's own, weighed by its gradient, then Chefer's rule."""
    adapter = wrapped("SigLIP")
    x = adapter.prepare(photo())
    found = viz.explain(adapter, x, "relevance", "a cat").heat
    adapter.module.set_attn_implementation("eager")
    tower, head, kept = adapter.module.vision_model, adapter.module.vision_model.head, []
    for layer in tower.encoder.layers:
        layer.self_attn.register_forward_hook(lambda _, __, output: kept.append(output[1]))
    tokens = tower(pixel_values=x.pixels, interpolate_pos_encoding=True).last_hidden_state[0]
    (query, *_), (_, key, value) = (
        linear(each, head.attention.in_proj_weight, head.attention.in_proj_bias).chunk(3, dim=-1)
        for each in (head.probe[0], tokens)
    )
    query, key, value = (each.unflatten(1, (HEADS, -1)) for each in (query, key, value))
    pool = (torch.einsum("qhd,nhd->hqn", query, key) / query.shape[-1] ** 0.5).softmax(-1)
    mixed = head.attention.out_proj(torch.einsum("hqn,nhd->qhd", pool, value).flatten(1))
    feature = (mixed + head.mlp(head.layernorm(mixed)))[0]
    score = torch.cosine_similarity(feature, adapter.encode_text(["a cat"])[0], dim=0)
    row, *layers = (
        (gradient * attention).clamp_min(0).reshape(HEADS, -1, len(tokens)).mean(0)
        for gradient, attention in zip(
            torch.autograd.grad(score, [pool, *kept]), [pool, *kept], strict=True
        )
    )
    for layer in reversed(layers):
        row = row + row @ layer
    wanted = row[0].reshape(x.grid).detach().numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5 * wanted.max())


def test_words_without_a_text_tower_are_told_in_a_sentence() -> None:
    vit = models.load("bundled-vit")
    x = vit.prepare(photo(), size=64)
    with pytest.raises(ModelError, match="has no text tower"):
        viz.word_maps(vit, x, WORDS)
    clip = wrapped("CLIP")
    with pytest.raises(SettingError, match="is no list of texts"):
        viz.word_maps(clip, clip.prepare(photo()), "a cat")
