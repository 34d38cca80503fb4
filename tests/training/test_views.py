"""What a step shows: planted photos, and a teacher whose features tell where they come from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training import views
from training.common import Phase
from training.recipe import ANEW, CLUTTER, MOSAIC, WHOLE, Recipe
from training.teacher import Teacher

CHANNELS, SIDE = 3, 64


def batches_of(view: str) -> views.Batches:
    """Photos of one bright colour each, whose features are that colour; every photo as likely."""
    shade = torch.linspace(40, 250, 6).to(torch.uint8)
    pixels = shade.view(6, 1, 1, 1).expand(6, 3, 160, 160).clone()
    features = shade.view(6, 1, 1, 1).expand(6, CHANNELS, 12, 12).half().numpy()
    teacher = Teacher(features, torch.eye(CHANNELS), torch.zeros(CHANNELS))
    weight = np.full(6, 1 / 6)
    recipe = Recipe((), (view,))
    return views.Batches(pixels, torch.ones(6), torch.arange(6), weight, teacher, recipe, seed=3)


@pytest.mark.parametrize("view", [CLUTTER, ANEW])
@pytest.mark.parametrize("step", range(4))
def test_in_clutter_the_teacher_is_asked_about_the_pasted_crop_alone(view: str, step: int):
    batches = batches_of(view)
    batch = batches(step, Phase(1, SIDE, 5))
    assert batch.views.shape == (5, 3, SIDE, SIDE)
    assert batch.anew == (view == ANEW)
    assert batch.target.tolist() == batch.index.tolist()
    for own, seen, taught in zip(batch.index, batch.features, batch.taught, strict=True):
        rows, columns = taught.nonzero().T
        height, width = (int(places.max() - places.min()) + 1 for places in (rows, columns))
        assert height == width == int(taught.sum()) ** 0.5  # one whole square
        assert 1 / 3 - 0.1 <= width / (SIDE / 8) <= 3 / 4
        shade = float(batches.pixels[own].max())
        assert set(seen[:, taught == 1].round().unique().tolist()) == {shade}
        assert set(seen[:, taught == 0].unique().tolist()) <= {0.0}


def test_the_pasted_crop_lies_where_the_teacher_is_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(views, "jitter", lambda crops, *_: crops)
    monkeypatch.setattr(views, "normalise", lambda crops: crops)
    batches = batches_of(CLUTTER)
    batch = batches(1, Phase(1, SIDE, 8))
    shades = batch.views.mean(1)
    for own, view, taught in zip(batch.index, shades, batch.taught, strict=True):
        inside = taught.repeat_interleave(8, 0).repeat_interleave(8, 1) == 1
        torch.testing.assert_close(
            view[inside], torch.full_like(view[inside], float(batches.pixels[own].max()) / 255)
        )
        assert len(view[~inside].mul(255).round().unique()) == 1  # one other photo


def test_whole_views_and_mosaics_are_taught_everywhere():
    for view, tiles in ((WHOLE, 1), (MOSAIC, 4)):
        batch = batches_of(view)(0, Phase(1, SIDE, 4))
        assert batch.views.shape == (4, 3, SIDE, SIDE)
        assert (batch.tiles, len(batch.target)) == (tiles, 4 * tiles)
        assert bool((batch.taught == 1).all())
        torch.testing.assert_close(batch.shares.sum(1), torch.ones(4))
        assert not batch.anew


def test_a_mosaic_reads_like_a_page():
    tiles = torch.arange(8.0).view(8, 1, 1, 1).expand(8, 3, 2, 2)
    page = torch.tensor([[4.0, 4, 5, 5], [4, 4, 5, 5], [6, 6, 7, 7], [6, 6, 7, 7]])
    torch.testing.assert_close(views.mosaic(tiles, 4)[1, 2], page)
    torch.testing.assert_close(views.mosaic(tiles, 1), tiles)


def test_shuffling_moves_whole_blocks_and_loses_none():
    view = torch.arange(64.0).view(1, 1, 8, 8).expand(2, 3, 8, 8)
    torch.manual_seed(0)
    moved = views.shuffled(view, 4)
    assert moved.flatten(1).sort(1).values.equal(view.flatten(1).sort(1).values)
    blocks = {tuple(block.flatten().tolist()) for block in _blocks(view[0, 0])}
    assert {tuple(block.flatten().tolist()) for block in _blocks(moved[0, 0])} == blocks
    assert not moved.equal(view)


def _blocks(view: torch.Tensor) -> list[torch.Tensor]:
    return [view[y : y + 4, x : x + 4] for y in (0, 4) for x in (0, 4)]
