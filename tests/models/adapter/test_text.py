"""Texts in the shared space, against Transformers' own features and logits on random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from heedmap import models
from heedmap.errors import ModelError, SettingError
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel

TEXTS = ["a cat", "two dogs, and a cat"]
LONGEST = 12
VISION = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "image_size": 32,
    "patch_size": 8,
}
TEXT = {**VISION, "max_position_embeddings": LONGEST, "vocab_size": 40, "pad_token_id": 2}
KINDS = {
    "CLIP": (transformers.CLIPConfig, transformers.CLIPModel),
    "SigLIP": (transformers.SiglipConfig, transformers.SiglipModel),
    "SigLIP 2 NaFlex": (transformers.Siglip2Config, transformers.Siglip2Model),
    "Chinese CLIP": (transformers.ChineseCLIPConfig, transformers.ChineseCLIPModel),
}


def tiny(kind: str) -> transformers.PreTrainedModel:
    """A model of both towers, with random weights that are not all but 0."""
    config, model = KINDS[kind]
    torch.manual_seed(0)
    vision = {**VISION, "num_patches": 16} if "NaFlex" in kind else VISION
    text = {**TEXT, "bos_token_id": 0, "eos_token_id": 1, "projection_size": 32}
    made = config(text_config=text, vision_config=vision, projection_dim=24)
    module = model(made).eval()
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return module


def tokenizer() -> transformers.PreTrainedTokenizerFast:
    """One token a word; every word that it does not know is the same."""
    words = ["<start>", "<end>", "<pad>", "<unk>", "a", "cat", "two", "dogs", ",", "and", "photo"]
    made = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 0), ("<end>", 1)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", pad_token="<pad>"
    )


def wrapped(kind: str) -> models.Adapter:
    return models.wrap(tiny(kind), tokenizer=tokenizer())


def filled(kind: str) -> dict[str, torch.Tensor]:
    """As the processor of each kind calls its tokenizer."""
    how = {"padding": "max_length", "max_length": LONGEST} if "SigLIP" in kind else {}
    found = tokenizer()(TEXTS, return_tensors="pt", **(how or {"padding": True}))
    return {name: found[name] for name in ("input_ids", "attention_mask")}


@pytest.mark.parametrize("kind", list(KINDS))
def test_texts_are_encoded_as_the_model_itself_does(kind: str) -> None:
    adapter = wrapped(kind)
    with torch.no_grad():
        own = adapter.module.get_text_features(**filled(kind)).pooler_output
    found = adapter.encode_text(TEXTS)
    assert found.dtype == torch.float32
    assert not found.is_inference()
    torch.testing.assert_close(found, torch.nn.functional.normalize(own, dim=1))


@pytest.mark.parametrize("kind", ["CLIP", "SigLIP", "Chinese CLIP"])
def test_photo_and_text_meet_in_the_models_own_logits(kind: str) -> None:
    adapter = wrapped(kind)
    x = adapter.prepare(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    with torch.no_grad():
        own = adapter.module(pixel_values=x.pixels, **filled(kind)).logits_per_image[0]
    photo = adapter.text.embed(adapter.forward(x.pixels))[0]
    cosines = adapter.encode_text(TEXTS) @ torch.nn.functional.normalize(photo, dim=0)
    torch.testing.assert_close(adapter.text.logits(cosines), own, rtol=1e-4, atol=1e-5)


def test_chinese_clip_reads_with_the_tokenizer_beside_its_weights(tmp_path: Path) -> None:
    tiny("Chinese CLIP").save_pretrained(tmp_path)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "一", "只", "猫", "狗"]
    (tmp_path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    adapter = models.wrap(transformers.ChineseCLIPModel.from_pretrained(tmp_path).eval())
    ids = torch.tensor([[2, 5, 6, 7, 3]])
    with torch.no_grad():
        own = adapter.module.get_text_features(ids, torch.ones_like(ids)).pooler_output
    torch.testing.assert_close(
        adapter.encode_text(["一只猫"]), torch.nn.functional.normalize(own, dim=1)
    )
    tokens = adapter.text.tokens("一只猫")
    assert (tokens.words, tokens.places) == (("一", "只", "猫"), ((1,), (2,), (3,)))


def test_the_bundled_clip_tells_which_words_it_knows() -> None:
    words = models.load("bundled-clip").text.words
    assert {"dog", "water", "chandelier"} <= set(words.known)  # the last is a label, in pieces
    assert words.unknown("A dog chases a Xylophone, quixotic!") == ("Xylophone", "quixotic")
    tokens = models.load("bundled-clip").text.tokens("a quixotic dog.")
    assert tokens.words == ("a", "quixotic", "dog", ".")
    assert len(tokens.places[1]) > 1
    assert [place for places in tokens.places for place in places] == list(
        range(1, tokens.inputs["input_ids"].shape[1] - 1)
    )


def test_weights_without_a_tokenizer_read_no_texts(tmp_path: Path) -> None:
    """Transformers would make an empty one, which reads the same of every text."""
    tiny("CLIP").save_pretrained(tmp_path)
    adapter = models.wrap(transformers.CLIPModel.from_pretrained(tmp_path).eval())
    with pytest.raises(ModelError, match=r"\(there is none\), so it reads no texts: choose"):
        adapter.encode_text(["a cat"])


def test_what_cannot_be_read_is_told_in_a_sentence() -> None:
    clip = wrapped("CLIP")
    with pytest.raises(SettingError, match="14 tokens long, and CLIPModel reads 12 at most"):
        clip.encode_text(["a " * 12])
    for wrong in ("a cat", [], [" "], [3]):
        with pytest.raises(SettingError, match=r"is no (list of texts|text): "):
            clip.encode_text(wrong)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"tokenizer of CLIPModel cannot be loaded.*models.wrap"):
        models.wrap(tiny("CLIP")).encode_text(["a cat"])
    with pytest.raises(ModelError, match="has no text tower: choose a CLIP"):
        models.load("bundled-vit").encode_text(["a cat"])
