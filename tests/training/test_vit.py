"""What the ViT is taught: against the library's own record, and against planted patterns."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from heedmap import viz
from heedmap.models.adapter import adapter as adapters

from training import loss, vit
from training.loss import UNKNOWN, Batch, Loss, Output
from training.recipe import MOSTLY_EVIDENCE, WEIGHTS, Recipe
from training.teacher import Teacher

pytestmark = pytest.mark.slow  # trains small models

CLASSES, CHANNELS, GRID = 3, 5, 4


@pytest.fixture
def taught() -> Loss:
    torch.manual_seed(0)
    teacher = Teacher(np.zeros(0), torch.randn(CLASSES, CHANNELS), torch.zeros(CLASSES))
    return Loss(teacher, Recipe((), MOSTLY_EVIDENCE), torch.zeros(CHANNELS), torch.ones(CHANNELS))


def batch_of(photos: int, tiles: int = 1) -> Batch:
    """Random features; views of GRID patches a side."""
    torch.manual_seed(1)
    crops, side = photos * tiles, GRID // math.isqrt(tiles)
    features = torch.randn(crops, CHANNELS, side, side)
    views = torch.zeros(photos, 3, 8 * GRID, 8 * GRID)
    return Batch(np.arange(crops), views, features, torch.arange(crops) % CLASSES)


def test_a_mosaic_reads_like_a_page():
    tiles = torch.arange(8.0).view(8, 1, 1, 1).expand(8, 3, 2, 2)
    page = torch.tensor([[4.0, 4, 5, 5], [4, 4, 5, 5], [6, 6, 7, 7], [6, 6, 7, 7]])
    torch.testing.assert_close(loss.mosaic(tiles, 4)[1, 2], page)
    torch.testing.assert_close(loss.mosaic(tiles, 1), tiles)


def test_views_have_whole_patches_also_as_mosaics():
    recipe = Recipe((), MOSTLY_EVIDENCE, mosaics=2, proportions=(1, 4 / 3, 3 / 4))
    shapes = [recipe.shape(step, 128) for step in range(4)]
    assert shapes == [(128, 128), (128, 176), (176, 128), (128, 128)]
    assert [recipe.tiles(step) for step in range(4)] == [4, 1, 4, 1]


@pytest.mark.parametrize("tiles", [1, 4])
def test_a_student_that_says_what_is_wanted_loses_nothing(taught: Loss, tiles: int):
    batch = batch_of(2, tiles)
    theirs = {n: look(batch.features) for n, look in taught.teacher.maps.items()}
    maps = {n: loss.standardise(loss.mosaic(m, tiles).flatten(1)) for n, m in theirs.items()}
    sums = [loss.standardise(sum(maps[n] for n in names)) for names, _ in taught.recipe.heads]
    sharp = [sharp for _, sharp in taught.recipe.heads]
    heads = torch.stack([(m * s).log_softmax(1) for m, s in zip(sums, sharp, strict=True)], 1)
    chance = taught.teacher.logits(batch.features).softmax(1).view(2, tiles, -1).mean(1)
    patches = loss.mosaic(batch.features, tiles).flatten(2).mT
    zero = [taught._attention(heads, batch), taught._logits(chance.log(), batch),
            taught._patches(patches, batch)]  # fmt: skip
    torch.testing.assert_close(torch.stack(zero), torch.zeros(3), atol=1e-5, rtol=0)
    idle = torch.zeros(2, 1)
    right = Output(idle, chance.log(), patches, heads)
    wrong = Output(idle, -chance.log(), patches + 1, heads.flip(2))
    assert taught(wrong, batch) > taught(right, batch)


def test_the_recipe_weighs_the_losses(taught: Loss):
    batch = batch_of(2)
    torch.manual_seed(2)
    attention = torch.randn(2, 6, GRID * GRID).log_softmax(2)
    out = Output(
        torch.zeros(2, 1), torch.randn(2, CLASSES), torch.randn(2, GRID**2, CHANNELS), attention
    )
    one = taught._attention(attention, batch)
    more = Recipe(
        (),
        MOSTLY_EVIDENCE,
        weights={**WEIGHTS, "attention": WEIGHTS["attention"] + 2},
    )
    torch.testing.assert_close(
        replace(taught, recipe=more)(out, batch), taught(out, batch) + 2 * one
    )


def test_labels_of_a_mosaic_count_alike_and_unknown_ones_not(taught: Loss):
    batch = batch_of(2, tiles=4)
    batch.target[1:4] = UNKNOWN
    logits = torch.randn(2, CLASSES)
    owner = [0, 1, 1, 1, 1]
    known = batch.target[[0, 4, 5, 6, 7]]
    wanted = F.cross_entropy(logits[owner], known, label_smoothing=0.1)
    torch.testing.assert_close(taught._label(logits, batch), wanted)


def test_the_taught_attention_is_the_one_that_is_recorded():
    torch.manual_seed(0)
    model = vit.build(CLASSES, registers=4).eval()
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    adapter = adapters.wrap(model)
    x = adapter.prepare(noise)
    with torch.inference_mode():
        own = vit.Student(model, CHANNELS).eval()(x.pixels).attention.exp()[0]  # (heads, patches)
    recorded = viz.record_attention(adapter, x).cls[-1].reshape(6, -1)
    shares = recorded / recorded.sum(1, keepdims=True)
    np.testing.assert_allclose(own.numpy(), shares, atol=1e-6)


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
