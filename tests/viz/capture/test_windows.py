"""Attention within windows: put back into place, against the whole matrix of timm's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from heedmap import models, viz
from heedmap.errors import CaptureError
from heedmap.models.families import Window
from heedmap.viz.capture import scores
from heedmap.viz.capture.watch import InWindows
from torch import nn

from tests.viz.capture.oracles_windows import FAMILIES, attention, case

# Short sides and shapes: whole windows, padding on both sides, smaller than a window.
PHOTOS = {
    "own": (96, 96, 0),
    "landscape": (90, 150, 1),
    "portrait": (150, 90, 1),
    "small": (9, 17, 2),
}
SIZES = {"Swin": (64, 56, 16), "MaxViT": (48, 40, 16)}


def photo_of(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("photo", PHOTOS.values(), ids=list(PHOTOS))
@pytest.mark.parametrize("family", list(FAMILIES))
def test_maps_and_logits_are_the_models_own(family: str, photo: tuple) -> None:
    known = case(family)
    for part in known.module.modules():
        if hasattr(part, "fused_attn"):
            part.fused_attn = photo[0] < photo[1]  # for some photos fused, for some not
    adapter = models.wrap(known.module)
    assert adapter.kinds == ("windows",)
    assert adapter.can >= {"attention", "convolutions"}
    size = SIZES["Swin" if "Swin" in family else "MaxViT"][photo[2]]
    x = adapter.prepare(photo_of(*photo[:2]), size=size)
    like = known.anew(*x.pixels.shape[-2:])

    record = viz.record_attention(adapter, x)

    own = attention(like, x.pixels)
    assert len(record.of("windows")) == len(own) == adapter.depth == record.depth
    assert len(record.of("windows")[0]) == adapter.heads == record.heads
    for found, (matrix, grid) in zip(record.of("windows"), own, strict=True):
        assert found.dtype == np.float32
        there = matrix.mean(1).unflatten(-1, grid)
        np.testing.assert_allclose(found, there, atol=1e-5)
        assert photo[2] == 2 or there.std() > 0.05 / (grid[0] * grid[1])  # not even
    with torch.no_grad():
        torch.testing.assert_close(adapter.forward(x.pixels), like(x.pixels), atol=1e-4, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["Swin", "Swin V2", "MaxViT"])
def test_the_module_stays_as_it_was(family: str) -> None:
    module = case(family).module

    def state() -> dict:
        return {
            (name, key): str(value)
            for name, part in module.named_modules()
            for key, value in vars(part).items()
        }

    before, adapter = state(), models.wrap(module)
    viz.record_attention(adapter, adapter.prepare(photo_of(90, 150), size=48))
    assert state() == before


def test_a_module_for_all_sizes_is_left_to_itself() -> None:
    made = {"embed_dim": 16, "depths": (2, 2), "num_heads": (2, 4), "window_size": 4}
    torch.manual_seed(0)
    name = "swin_tiny_patch4_window7_224"
    module = timm.create_model(name, img_size=64, dynamic_img_size=True, **made).eval()
    adapter = models.wrap(module)
    x = adapter.prepare(photo_of(50, 90), size=24)
    with torch.no_grad():
        own = module(x.pixels)
    torch.testing.assert_close(adapter.forward(x.pixels), own)
    maps = viz.record_attention(adapter, x).of("windows")
    assert [m.shape for m in maps] == [(2, 6, 10)] * 2 + [(4, 3, 5)] * 2


@pytest.mark.parametrize("block_bytes", [1, 20_000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("masked", [None, "a window", "all windows", "boolean"])
def test_blocks_of_windows_change_nothing(
    block_bytes: int, dtype: torch.dtype, masked: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "BLOCK_BYTES", block_bytes)
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 6, 2, 16, 8).to(dtype)
    mask = {
        None: None,
        "a window": torch.randn(6, 2, 16, 16).to(dtype),
        "all windows": torch.randn(1, 2, 16, 16).to(dtype),
        "boolean": (torch.rand(6, 1, 16, 16) > 0.4) | torch.eye(16).bool(),
    }[masked]
    added = 0 if mask is None else mask
    if masked == "boolean":
        added = torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)
    attention = ((q.float() * 8**-0.5) @ k.float().mT + added).softmax(-1)
    window = Window(grid=(8, 12), size=(4, 4), shift=(1, 2))
    with InWindows([window]) as seen:
        output = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    torch.testing.assert_close(output, F.scaled_dot_product_attention(q, k, v, attn_mask=mask))
    own = window.join(attention.mean(2).mT).permute(2, 0, 1) / 6
    torch.testing.assert_close(seen.maps[0], own, atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.maps[0].sum((1, 2)), torch.ones(2))


@pytest.mark.slow
def test_threads_on_one_model_do_not_mix() -> None:
    known = case("Swin")
    adapter = models.wrap(known.module.requires_grad_(False))
    photos = [adapter.prepare(photo_of(80 + 9 * i, 120 - 7 * i, i), size=40) for i in range(6)]
    alone = [viz.record_attention(adapter, x).of("windows") for x in photos]
    with ThreadPoolExecutor(6) as pool:
        together = list(
            pool.map(lambda x: viz.record_attention(adapter, x).of("windows"), photos * 2)
        )
    for own, found in zip(alone * 2, together, strict=True):
        for a, b in zip(own, found, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def looks_at_white() -> nn.Module:
    """A Swin of one head and two layers, the second shifted: score = 40 x brightness of the key."""
    swin = timm.create_model(
        "swin_tiny_patch4_window7_224",
        img_size=64,
        embed_dim=4,
        depths=(2,),
        num_heads=(1,),
        window_size=4,
        num_classes=0,
    ).eval()
    with torch.no_grad():
        for weight in swin.parameters():
            weight.zero_()
        swin.patch_embed.proj.weight[0] = 1 / (3 * 4 * 4)
        swin.patch_embed.norm = nn.Identity()
        for block in swin.layers[0].blocks:
            block.norm1.forward = lambda x: x
            block.attn.qkv.bias[0] = 80  # the query of every token; the scale halves it
            block.attn.qkv.weight[4, 0] = 1  # the key, from the brightness
    return swin


@pytest.mark.parametrize(
    ("height", "width", "row", "col"),
    [(96, 64, 22, 1), (64, 104, 1, 25), (60, 88, 14, 0)],
    ids=["tall", "wide", "padded"],
)
def test_a_planted_patch_is_found_in_the_pixels_of_the_overlay(
    height: int, width: int, row: int, col: int
) -> None:
    planted = np.zeros((height, width), bool)
    planted[row * 4 : (row + 1) * 4, col * 4 : (col + 1) * 4] = True
    photo = np.repeat(planted[..., None] * np.uint8(255), 3, axis=2)
    adapter = models.wrap(looks_at_white(), mean=(0, 0, 0), std=(1, 1, 1))
    x = adapter.prepare(photo, size=min(height, width))
    assert x.view.shape == photo.shape
    for heat in viz.record_attention(adapter, x).of("windows"):
        assert heat.shape == (1, height // 4, width // 4)
        picture = viz.Overlay(colormap="viridis", opacity=1.0)(x.view, heat[0])
        np.testing.assert_array_equal((picture == (253, 231, 36)).all(-1), planted)


def test_channels_of_a_photo_of_another_size() -> None:
    adapter = models.wrap(case("MaxViT").module)
    record = viz.record_activations(adapter, adapter.prepare(photo_of(90, 150), size=64))
    assert set(record.maps) == set(adapter.conv_layers)
    assert not any(part._forward_hooks for part in adapter.module.modules())


def test_a_layer_that_is_not_seen_is_counted() -> None:
    module = case("Swin").module
    module.layers[0].blocks[1].attn.forward = lambda x, mask=None: x
    adapter = models.wrap(module, title="Swin-S")
    with pytest.raises(CaptureError, match="Swin-S shows no attention map: only 1 of its 4 layers"):
        viz.record_attention(adapter, adapter.prepare(photo_of(64, 64)))
