"""What a wrapped module says of itself, and how it prepares photos."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from heedmap import models
from heedmap.errors import ModelError, SettingError
from torch import nn
from torchvision import transforms

PHOTO = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def vit() -> nn.Module:
    return timm.create_model("vit_tiny_patch16_224", depth=1, embed_dim=12, num_heads=2)


@pytest.mark.parametrize(
    ("size", "fit", "shape"),
    [
        (224, "whole", (224, 304)),
        (230, "whole", (224, 304)),
        (224, "squash", (224, 224)),
        (224, "crop", (224, 224)),
        (1036, "whole", (1040, 1376)),
    ],
)
def test_sides_are_whole_patches(vit: nn.Module, size: int, fit: str, shape: tuple) -> None:
    x = models.wrap(vit).prepare(PHOTO, size=size, fit=fit)
    assert x.view.shape == (*shape, 3)
    assert x.view.dtype == np.uint8
    assert x.pixels.shape == (1, 3, *shape)
    assert x.pixels.dtype == torch.float32
    assert x.grid == (shape[0] // 16, shape[1] // 16)
    assert x.prefix == 1


def test_view_is_what_the_model_saw(vit: nn.Module) -> None:
    x = models.wrap(vit, mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7)).prepare(PHOTO)
    back = x.pixels[0].permute(1, 2, 0) * torch.tensor([0.5, 0.6, 0.7])
    back = (back + torch.tensor([0.1, 0.2, 0.3])) * 255
    np.testing.assert_allclose(back.numpy(), x.view, atol=1e-3)


@pytest.mark.parametrize("shape", [(300, 400), (401, 299), (256, 256)])
def test_crop_is_the_evaluation_crop(vit: nn.Module, shape: tuple[int, int]) -> None:
    from PIL import Image

    photo = PHOTO.repeat(2, 0).repeat(2, 1)[: shape[0], : shape[1]]
    bicubic = transforms.InterpolationMode.BICUBIC
    usual = transforms.Compose(
        [transforms.Resize(256, interpolation=bicubic), transforms.CenterCrop(224)]
    )
    x = models.wrap(vit, crop_pct=0.875).prepare(photo, size=224, fit="crop")
    expected = np.asarray(usual(Image.fromarray(photo)), int)
    assert abs(x.view.astype(int) - expected).mean() < 1
    left, top, right, bottom = x.box
    assert (bottom - top) == pytest.approx(min(shape) * 0.875, rel=0.01)
    assert (left + right) / 2 == pytest.approx(shape[1] / 2, abs=2)
    assert (top + bottom) / 2 == pytest.approx(shape[0] / 2, abs=2)


def test_the_crop_of_a_thin_photo_is_cut_before_it_is_resized(vit: nn.Module) -> None:
    """All of it would be 248 x 4,960,000 px."""
    thin = np.zeros((2, 40_000, 3), np.uint8)
    thin[:, 20_000:] = 255
    x = models.wrap(vit).prepare(thin, size=224, fit="crop")
    assert x.view.shape == (224, 224, 3)
    assert x.view[:, :110].max() < 128 < x.view[:, -110:].min()
    left, top, right, bottom = x.box
    assert (left + right) / 2 == pytest.approx(20_000)
    assert (right - left, bottom - top) == pytest.approx((2 * 224 / 248,) * 2)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"size": 8}, "size of 8 px is out of range"),
        ({"size": 2000}, "size of 2000 px .* to 1036 px"),
        ({"fit": "stretch"}, "fit='stretch' is unknown: choose one of whole, crop, squash"),
    ],
)
def test_settings_out_of_range(vit: nn.Module, how: dict, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        models.wrap(vit).prepare(PHOTO, **how)


def test_a_panorama_that_would_fill_the_memory(vit: nn.Module) -> None:
    wide = np.zeros((50, 2000, 3), np.uint8)
    adapter = models.wrap(vit)
    assert adapter.prepare(wide, size=32).grid == (2, 80)
    with pytest.raises(SettingError, match="choose a size up to 256 or the fit 'crop'"):
        adapter.prepare(wide, size=1036)


def test_no_photo(vit: nn.Module) -> None:
    with pytest.raises(SettingError, match=r"open it with viz\.open_image"):
        models.wrap(vit).prepare(np.zeros((10, 10), np.uint8))


def test_wrapping_leaves_the_module_as_it_was(vit: nn.Module) -> None:
    vit.train()
    before = {k: v for k, v in vit.patch_embed.__dict__.items() if not k.startswith("_")}
    adapter = models.wrap(vit)
    x = adapter.prepare(PHOTO, size=96)
    adapter.forward(x.pixels)
    assert {k: v for k, v in vit.patch_embed.__dict__.items() if not k.startswith("_")} == before
    assert not vit.dynamic_img_size
    assert all(part.training for part in vit.modules())
    native = adapter.prepare(PHOTO, size=224, fit="squash")
    with torch.no_grad():
        torch.testing.assert_close(adapter.forward(native.pixels), vit.eval()(native.pixels))


@pytest.mark.parametrize(
    ("name", "can"),
    [
        ("vit_tiny_patch16_224", {"attention", "logits"}),
        ("vit_base_patch16_clip_224", {"attention", "contrastive"}),
        ("vit_base_patch16_siglip_224", {"attention", "contrastive"}),
        ("eva02_base_patch16_clip_224", {"attention", "contrastive"}),
    ],
)
def test_a_tower_of_clip_is_known_by_its_name(name: str, can: set[str]) -> None:
    with torch.device("meta"):
        adapter = models.wrap(timm.create_model(name, depth=1))
    assert adapter.can == can


def test_any_other_module_is_refused() -> None:
    with pytest.raises(ModelError, match="Linear has neither patch tokens nor convolutions"):
        models.wrap(nn.Linear(3, 3))
