"""The CLIP's towers, texts and loss, each against something that is computed another way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.training import shards
from training import clip, data, vit
from training.words import MORE, TEMPLATES, make_tokenizer

pytestmark = pytest.mark.slow  # trains small models


def photos_of(tmp_path: Path) -> data.Photos:
    folder = shards.write(tmp_path / "photos", shards.records(captioned=203))
    return data.training_photos(folder, tmp_path / "cache")


def test_the_vision_tower_is_the_vit(tmp_path: Path):
    torch.manual_seed(0)
    student = vit.build(3).eval()
    for weight in student.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    model = clip.build(make_tokenizer(photos_of(tmp_path)), ["a", "b", "c"]).eval()
    clip.start_from_vit(model, student.state_dict())
    views = torch.randn(2, 3, 128, 128)
    with torch.inference_mode():
        own = student.forward_features(views)
        theirs = model.vision_model(clip.as_clip(views))
    torch.testing.assert_close(theirs.pooler_output, own[:, 0], atol=1e-4, rtol=1e-4)


def test_contrast_of_different_texts_is_clips_own_loss():
    torch.manual_seed(0)
    image, text, scale = torch.randn(4, 8), torch.randn(4, 8), torch.tensor(1.5)
    logits = scale.exp() * F.normalize(image, dim=1) @ F.normalize(text, dim=1).T
    own = torch.arange(4)
    wanted = (
        F.cross_entropy(logits, own, label_smoothing=0.05) + F.cross_entropy(logits.T, own)
    ) / 2
    torch.testing.assert_close(clip.contrast(image, text, own, scale), wanted)


def test_contrast_of_shared_and_of_idle_texts():
    """Two photos share text 0, text 2 belongs to none: the loss, spelled out."""
    torch.manual_seed(0)
    image, text, scale = torch.randn(3, 8), torch.randn(3, 8), torch.tensor(0.5)
    logits = scale.exp() * F.normalize(image, dim=1) @ F.normalize(text, dim=1).T
    place = torch.tensor([0, 0, 1])
    column = logits.log_softmax(0)
    to_image = -((column[0, 0] + column[1, 0]) / 2 + column[2, 1]) / 2
    to_text = F.cross_entropy(logits, place, label_smoothing=0.05)
    torch.testing.assert_close(clip.contrast(image, text, place, scale), (to_text + to_image) / 2)


def test_photos_of_a_label_share_a_text_and_captions_are_their_own(tmp_path: Path):
    photos = photos_of(tmp_path)
    tokenizer = make_tokenizer(photos)
    even = np.full(len(photos), 1 / len(photos))
    index = np.arange(len(photos))
    texts = clip.Texts(photos, tokenizer, even, seed=0)
    tokens, place = texts(index, step=3)
    heard = tokenizer.batch_decode(tokens["input_ids"][place], skip_special_tokens=True)
    for record, text in zip(photos.records, heard, strict=True):
        label = data.label_of(record)
        said = record.get("captions") or [t.format(label) for t in TEMPLATES + MORE]
        assert text.strip() in said
    labels = [data.label_of(r) or i for i, r in enumerate(photos.records)]
    assert len(set(place.tolist())) == len(set(labels)) == len(set(heard))
    assert texts(index, step=3)[1].tolist() == place.tolist()
