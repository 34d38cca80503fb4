"""Random weights in place of learned ones, against what each library makes for a new model."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from heedmap import models, viz
from torch import nn

from tests.models.adapter.test_text import tiny, tokenizer

State = dict[str, torch.Tensor]


def copied(module: nn.Module) -> State:
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("id", ["bundled-vit-reg", "bundled-cnn"])
def test_nothing_learned_is_left_and_the_shared_model_stays(id: str) -> None:
    learned = models.load(id)
    before, rng = copied(learned.module), torch.get_rng_state()
    found = models.randomised(learned)
    assert same(copied(learned.module), before)
    assert torch.equal(torch.get_rng_state(), rng)
    for name, value in found.module.state_dict().items():
        if value.is_floating_point() and value.min() < value.max():
            assert (value == before[name]).float().mean() < 0.5, name
    assert same(copied(models.randomised(learned).module), copied(found.module))
    assert not same(copied(models.randomised(learned, seed=1).module), copied(found.module))
    photo = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    x = found.prepare(photo, size=64)
    method = "gradcam" if id == "bundled-cnn" else "relevance"
    assert viz.explain(found, x, method).heat.shape == x.grid
    assert found.lock is not learned.lock
    assert "random weights" in found.title
    assert not any(weight.requires_grad for weight in found.module.parameters())


def test_statistics_of_batch_normalisation_are_as_before_the_first_photo() -> None:
    found = models.randomised(models.load("bundled-cnn"))
    norms = [part for part in found.module.modules() if isinstance(part, nn.BatchNorm2d)]
    assert norms
    for norm in norms:
        assert (norm.running_mean == 0).all()
        assert (norm.running_var == 1).all()


def test_timm_draws_a_model_of_its_own_as_for_a_new_one() -> None:
    learned = timm.create_model("resnet18", num_classes=7).eval()
    with torch.no_grad():
        for weight in learned.parameters():
            weight.add_(1)
    found = models.randomised(models.wrap(learned), seed=3)
    torch.manual_seed(3)
    assert same(copied(found.module), copied(timm.create_model("resnet18", num_classes=7)))


def test_transformers_draws_as_for_a_new_model_and_texts_are_read_with_it() -> None:
    learned = models.wrap(tiny("CLIP"), tokenizer=tokenizer())
    found = models.randomised(learned, seed=3)
    torch.manual_seed(3)
    new = type(learned.module)(learned.module.config).eval()
    assert same(copied(found.module), copied(new))
    assert not torch.allclose(found.encode_text(["a cat"]), learned.encode_text(["a cat"]))


class Own(nn.Module):
    """A module with a table that nothing draws anew."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.table = nn.Parameter(torch.linspace(4, 6, 400))
        self.fc = nn.Linear(4, 2)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.fc(self.conv(pixels).mean((2, 3))) * self.table.mean()


def test_what_no_library_draws_keeps_its_mean_and_deviation() -> None:
    learned = Own().eval()
    found = models.randomised(models.wrap(learned)).module
    assert not torch.equal(found.table, learned.table)
    assert float(found.table.detach().mean()) == pytest.approx(5, abs=0.15)
    assert float(found.table.detach().std()) == pytest.approx(0.58, abs=0.1)
    assert not torch.equal(found.conv.weight, learned.conv.weight)
