"""The four commands one after the other, from shards to models that the app loads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from heedmap import models, viz
from heedmap.models.catalogue import entries as catalogue
from heedmap.models.catalogue import names
from heedmap.models.loading import loader
from timm.layers import set_fused_attn

from tests.training import shards
from training import clip, cnn, vit
from training.common import Phase

pytestmark = pytest.mark.slow  # trains small models


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Recipes of a step or two on tiny views, uncompiled."""
    phases = (Phase(0.1, 32, 8), Phase(0.1, 64, 8))
    monkeypatch.setattr(cnn, "PHASES", phases)
    monkeypatch.setattr(cnn, "RATE", 1e-3)
    monkeypatch.setattr(vit, "FROM_SCRATCH", replace(vit.FROM_SCRATCH, phases=phases))
    monkeypatch.setattr(vit, "WITH_REGISTERS", replace(vit.WITH_REGISTERS, phases=phases))
    monkeypatch.setattr(clip, "RECIPE", replace(clip.RECIPE, phases=phases))
    monkeypatch.setattr(torch, "compile", lambda module, **_: module)
    yield
    set_fused_attn(True)  # the trainings turn it off for all of timm


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in whose subfolders the bundled models are looked for."""
    bundled = [model for model in catalogue.CATALOGUE if model.bundled]
    moved = tuple(replace(model, folder=tmp_path / model.id) for model in bundled)
    monkeypatch.setattr(names, "CATALOGUE", moved)
    loader._cache.clear()
    yield tmp_path
    loader._cache.clear()


def test_every_command_makes_a_model_that_loads(
    short: None, out: Path, monkeypatch: pytest.MonkeyPatch
):
    data = shards.write(out / "photos", shards.records(captioned=203))

    def train(main: Callable[[], None], id: str, *more: object) -> None:
        options = ("--data", data, "--cache", out / "cache", "--out", out / id,
                   "--checkpoint", out / f"{id}.pt", *more)  # fmt: skip
        monkeypatch.setattr("sys.argv", ["training", *map(str, options)])
        main()

    teacher = ("--teacher", out / "bundled-cnn")
    start = ("--start", out / "bundled-vit")
    train(cnn.main, "bundled-cnn")
    train(vit.main, "bundled-vit", *teacher)
    train(vit.main, "bundled-vit-reg", *teacher, *start, "--registers", 4)
    train(clip.main, "bundled-clip", *teacher, *start)

    photo = np.full((90, 120, 3), 128, np.uint8)
    for id, prefix in (("bundled-vit", 1), ("bundled-vit-reg", 5), ("bundled-clip", 1)):
        adapter = models.load(id)
        attention = viz.record_attention(adapter, adapter.prepare(photo))
        assert adapter.prefix == prefix
        assert attention.cls.shape[:2] == (6, 6)
        assert np.isfinite(attention.cls).all()
    assert models.load("bundled-cnn").classes == (
        "ant", "cat", "chair", "church", "dog", "golf ball", "horse"
    )  # fmt: skip
