"""DINO's checkpoints as DINO's own script shows them: its resize, its interpolation of positions.

The oracles are torchvision's bilinear `Resize` to a square, and the formula of the positions as
`benchmarks/dino.py` has it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import timm
import torch
import transformers
from heedmap import models, viz
from heedmap.errors import SettingError
from PIL import Image
from torchvision import transforms

from benchmarks import dino
from benchmarks.dino import small_dino, small_transformers_dino
from tests.viz.capture.oracles import SMALL

PHOTO = np.random.default_rng(0).integers(0, 256, (90, 150, 3), dtype=np.uint8)
MAKE = {
    "timm": (small_dino, dino.of_timm),
    "timm, any size": (partial(small_dino, dynamic_img_size=True), dino.of_timm),
    "Transformers": (small_transformers_dino, dino.of_transformers),
}


@pytest.mark.parametrize("size", [128, 224, 272])
def test_squash_is_the_resize_of_its_script(size: int) -> None:
    adapter = models.wrap(small_dino())
    usual = transforms.Resize((size, size))(Image.fromarray(PHOTO))
    x = adapter.prepare(PHOTO, size=size, fit="squash")
    np.testing.assert_array_equal(x.view, np.asarray(usual))
    other = models.wrap(adapter.module, dino=False).prepare(PHOTO, size=size, fit="squash")
    assert (other.view != x.view).any()
    np.testing.assert_array_equal(
        adapter.prepare(PHOTO, size=size, fit="crop").view,
        models.wrap(adapter.module, dino=False).prepare(PHOTO, size=size, fit="crop").view,
    )


@pytest.mark.parametrize("size", [128, 224, 272])
@pytest.mark.parametrize(("make", "own"), MAKE.values(), ids=list(MAKE))
def test_squashed_maps_are_those_of_its_positions(
    size: int, make: Callable[[], Any], own: Callable[..., torch.Tensor]
) -> None:
    module = make()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    adapter = models.wrap(module)
    assert adapter.preprocessing.dino
    x = adapter.prepare(PHOTO, size=size, fit="squash")
    wanted = own(module, x.pixels)[:, :, 0, 1:].unflatten(-1, x.grid).numpy()
    record = viz.record_attention(adapter, x)
    np.testing.assert_allclose(record.cls, wanted, atol=1e-5)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name
    plain = viz.record_attention(models.wrap(module, dino=False), x).cls
    assert (abs(plain - wanted).max() > 1e-4) == (size != 224)


@pytest.mark.parametrize("make", [small_dino, small_transformers_dino])
@pytest.mark.parametrize("fit", ["whole", "crop"])
def test_other_fits_are_shown_as_their_library_shows_them(
    fit: str, make: Callable[[], Any]
) -> None:
    adapter = models.wrap(make())
    plain = models.wrap(adapter.module, dino=False)
    x = adapter.prepare(PHOTO, size=128, fit=fit)
    found, there = (viz.record_attention(each, x).cls for each in (adapter, plain))
    np.testing.assert_array_equal(found, there)


def test_only_dinos_checkpoints_are_shown_so() -> None:
    other = timm.create_model("vit_small_patch16_224.augreg_in21k", depth=1)
    assert not models.wrap(other).preprocessing.dino
    assert models.wrap(other, dino=True).preprocessing.dino


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("facebook/dino-vits16", True),
        ("/home/me/dino-vitb8", True),
        ("/cache/models--facebook--dino-vits8/snapshots/0123abcd", True),
        ("facebook/dinov2-small", False),
        ("me/dino-vits16-tuned", False),
        ("/home/me/dino-vits16/other", False),
        ("", False),
    ],
)
def test_transformers_checkpoints_are_known_by_their_name(name: str, known: bool) -> None:
    how = models.wrap(small_transformers_dino(name)).preprocessing
    assert how.dino == known
    assert (how.mean == (0.485, 0.456, 0.406)) == known


@pytest.mark.parametrize("kind", ["DeiTModel", "ViTMAEModel", "CLIPVisionModel"])
def test_what_is_not_built_like_dino_is_refused(kind: str) -> None:
    model = getattr(transformers, kind)
    with pytest.raises(SettingError, match="dino=True is for a plain ViT"):
        models.wrap(model(model.config_class(**SMALL)), dino=True)
