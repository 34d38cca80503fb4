"""What the ViT is taught: losses spelled out, and what it may not be taught."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F

from training import vit
from training.loss import UNKNOWN, Loss, Output, label_loss
from training.recipe import WEIGHTS, Recipe
from training.views import Batch

pytestmark = pytest.mark.slow  # trains small models

CLASSES, CHANNELS, GRID = 3, 5, 4
LOSS = Loss(Recipe((), ()), torch.zeros(CHANNELS), torch.full((CHANNELS,), 2.0))


def batch_of(photos: int, tiles: int = 1) -> Batch:
    """Random features of views of GRID patches a side, of which the first row alone is taught."""
    torch.manual_seed(1)
    features = torch.randn(photos, CHANNELS, GRID, GRID)
    taught = torch.zeros(photos, GRID, GRID)
    taught[:, 0] = 1
    shares = torch.randn(photos, CLASSES).softmax(1)
    index = np.arange(photos * tiles)
    views = torch.zeros(photos, 3, 8 * GRID, 8 * GRID)
    return Batch(index, views, features, taught, shares, torch.from_numpy(index) % CLASSES)


def said(batch: Batch, logits: torch.Tensor) -> Output:
    """An output that names the features rightly."""
    return Output(torch.zeros(2, 1), logits, batch.features.flatten(2).mT / 2)


def test_the_loss_is_its_three_parts_weighed():
    batch = batch_of(2)
    logits = torch.randn(2, CLASSES)
    parts = {
        "label": F.cross_entropy(logits, batch.target, label_smoothing=0.1),
        "logits": (batch.shares * (batch.shares.log() - logits.log_softmax(1))).sum(1).mean(),
    }
    wanted = sum(WEIGHTS[name] * part for name, part in parts.items())
    torch.testing.assert_close(LOSS(said(batch, logits), batch), wanted)


def test_only_patches_that_show_a_crop_are_taught():
    batch = batch_of(2)
    logits = torch.randn(2, CLASSES)
    right = said(batch, logits)
    off = right.patches.clone()
    off[:, GRID:] += 9  # below the first row
    torch.testing.assert_close(LOSS(Output(right.cls, logits, off), batch), LOSS(right, batch))
    off[:, :GRID] += 1  # smooth L1 of 1 is 0.5
    more = LOSS(Output(right.cls, logits, off), batch) - LOSS(right, batch)
    torch.testing.assert_close(more, torch.tensor(0.5 * WEIGHTS["patches"]))


def test_nothing_that_a_student_says_tells_where_it_looks():
    """Only features and logits reach the loss: no map of attention is among them."""
    assert [field.name for field in fields(Output)] == ["cls", "logits", "patches"]
    torch.manual_seed(0)
    out = vit.Student(vit.build(CLASSES), CHANNELS)(torch.randn(2, 3, 64, 64), torch.tensor(False))
    assert [part.shape for part in (out.cls, out.logits, out.patches)] == [
        (2, 192), (2, CLASSES), (2, 64, CHANNELS),
    ]  # fmt: skip


def test_labels_of_a_mosaic_count_alike_and_unknown_ones_not():
    batch = batch_of(2, tiles=4)
    batch.target[1:4] = UNKNOWN
    logits = torch.randn(2, CLASSES)
    owner = [0, 1, 1, 1, 1]
    known = batch.target[[0, 4, 5, 6, 7]]
    wanted = F.cross_entropy(logits[owner], known, label_smoothing=0.1)
    torch.testing.assert_close(label_loss(logits, batch), wanted)


def test_cls_starts_anew_before_the_last_two_layers():
    torch.manual_seed(0)
    student = vit.Student(vit.build(CLASSES, registers=4), CHANNELS).eval()
    views = torch.randn(1, 3, 64, 64)
    given: list[torch.Tensor] = []
    for block in student.vit.blocks:
        block.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0].detach()))
    student(views, torch.tensor(True))
    begun = (student.vit.cls_token + student.vit.pos_embed[:, :1])[:, 0]
    assert [torch.equal(tokens[:, 0], begun) for tokens in given] == [False] * 4 + [True, False]
    given.clear()
    student(views, torch.tensor(False))
    assert not any(torch.equal(tokens[:, 0], begun) for tokens in given)


def test_registers_join_a_trained_vit(tmp_path: Path):
    torch.manual_seed(0)
    first = vit.build(CLASSES)
    vit.export(first, ["a", "b", "c"], tmp_path / "vit")
    second = vit.build(CLASSES, registers=4)
    drawn = second.reg_token.clone()
    vit.start_from(second, tmp_path / "vit")
    trained = timm.create_model(f"local-dir:{tmp_path / 'vit'}", pretrained=True).state_dict()
    own = second.state_dict()
    torch.testing.assert_close(own["reg_token"], drawn)
    torch.testing.assert_close(own["pos_embed"][:, 5:], trained["pos_embed"][:, 1:])
    torch.testing.assert_close(own["pos_embed"][:, 0], trained["pos_embed"][:, 0])
    for name in trained.keys() - {"pos_embed"}:
        torch.testing.assert_close(own[name], trained[name], msg=name)
