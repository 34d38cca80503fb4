"""DINO's checkpoints as DINO's own script shows them: its resize, its interpolation of positions.

The oracle is written from the formula: torchvision's bilinear `Resize` to a square, and a table of
positions that is read at `(i + 0.5) / ratio - 0.5` with `ratio = (new + 0.1) / own`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import timm
import torch
from heedmap import models, viz
from PIL import Image
from torchvision import transforms

from tests.viz.capture.oracles import spread

PHOTO = np.random.default_rng(0).integers(0, 256, (90, 150, 3), dtype=np.uint8)
SMALL = {"depth": 2, "embed_dim": 48, "num_heads": 4, "num_classes": 0}


def dino(**how: Any) -> Any:
    torch.manual_seed(0)
    module = timm.create_model("vit_small_patch16_224.dino", **SMALL, **how).eval()
    spread(module)
    return module


def weights_of(new: int, own: int) -> np.ndarray:
    """(new, own): how much each place of a new side reads of the table, bicubic with a = -0.75."""
    a, ratio = -0.75, (new + 0.1) / own
    read = np.zeros((new, own))
    for place in range(new):
        source = (place + 0.5) / ratio - 0.5
        for tap in range(int(np.floor(source)) - 1, int(np.floor(source)) + 3):
            d = abs(source - tap)
            near = (a + 2) * d**3 - (a + 3) * d**2 + 1
            far = a * (d**3 - 5 * d**2 + 8 * d - 4)
            read[place, min(max(tap, 0), own - 1)] += near if d <= 1 else far
    return read


def own_attention(module: Any, pixels: torch.Tensor) -> torch.Tensor:
    """(layers, heads, N, N) of a module made for this photo, with DINO's table of positions."""
    rows, cols = (side // 16 for side in pixels.shape[-2:])
    like = timm.create_model(
        "vit_small_patch16_224", img_size=(rows * 16, cols * 16), **SMALL
    ).eval()
    weights = dict(module.state_dict())
    table = weights["pos_embed"][0, 1:].reshape(14, 14, -1).double().numpy()
    there = np.einsum("ri,cj,ijd->rcd", weights_of(rows, 14), weights_of(cols, 14), table)
    if (rows, cols) == (14, 14):
        there = table
    patches = torch.from_numpy(there).float().reshape(1, rows * cols, -1)
    weights["pos_embed"] = torch.cat([weights["pos_embed"][:, :1], patches], 1)
    like.load_state_dict(weights)
    kept: list[torch.Tensor] = []
    for block in like.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _, i, o: kept.append(i[0][0]))
    with torch.no_grad():
        like(pixels)
    return torch.stack(kept)


@pytest.mark.parametrize("size", [128, 224, 272])
def test_squash_is_the_resize_of_its_script(size: int) -> None:
    adapter = models.wrap(dino())
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
@pytest.mark.parametrize("any_size", [False, True])
def test_squashed_maps_are_those_of_its_positions(size: int, any_size: bool) -> None:
    module = dino(dynamic_img_size=any_size)
    before = module.pos_embed.clone()
    adapter = models.wrap(module)
    assert adapter.preprocessing.dino
    x = adapter.prepare(PHOTO, size=size, fit="squash")
    wanted = own_attention(module, x.pixels)[:, :, 0, 1:].unflatten(-1, x.grid).numpy()
    record = viz.record_attention(adapter, x)
    np.testing.assert_allclose(record.cls, wanted, atol=1e-5)
    assert torch.equal(module.pos_embed, before)
    plain = viz.record_attention(models.wrap(module, dino=False), x).cls
    assert (abs(plain - wanted).max() > 1e-4) == (size != 224)


@pytest.mark.parametrize("fit", ["whole", "crop"])
def test_other_fits_are_shown_as_timm_shows_them(fit: str) -> None:
    adapter = models.wrap(dino())
    plain = models.wrap(adapter.module, dino=False)
    x = adapter.prepare(PHOTO, size=128, fit=fit)
    found, there = (viz.record_attention(each, x).cls for each in (adapter, plain))
    np.testing.assert_array_equal(found, there)


def test_only_dinos_checkpoints_are_shown_so() -> None:
    other = timm.create_model("vit_small_patch16_224.augreg_in21k", **SMALL)
    assert not models.wrap(other).preprocessing.dino
    assert models.wrap(other, dino=True).preprocessing.dino
