"""Every wrong call is one sentence with the value and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from heedmap import models, viz
from heedmap.errors import HeedmapError, ModelError, SettingError
from PIL import Image
from torch import nn

PHOTO = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
SMALL = {"depth": 1, "embed_dim": 24, "num_heads": 2, "img_size": 32, "patch_size": 8}


@pytest.fixture(scope="module")
def adapter() -> models.Adapter:
    return models.wrap(timm.create_model("vit_tiny_patch16_224", **SMALL))


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (None, "None is not a module: pass a torch.nn.Module"),
        ("resnet50", "'resnet50' is a name, not a module: load it with models.load"),
        ([nn.Linear(1, 1)], r"\[Linear.* is not a module: pass"),
        (nn.Linear, "Linear is a class: make a module of it"),
        (
            torch.jit.ScriptModule(),
            "A module of TorchScript cannot be looked into: pass the module that it was made from",
        ),
    ],
)
def test_what_is_no_module(module: Any, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        models.wrap(module)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"size": -5}, "size=-5 cannot be used"),
        ({"size": "224"}, "size='224' cannot be used"),
        ({"mean": (123.7, 116.3, 103.5)}, "mean=.*123.7.* three numbers from 0 to 1"),
        ({"mean": 0.5}, "mean=0.5 cannot"),
        ({"std": (0, 0, 0)}, "std=.* above 0"),
        ({"std": (1, 1)}, "std=.* three numbers"),
        ({"std": (1, 1, float("nan"))}, "std=.* three numbers"),
        ({"crop_pct": 0}, "crop_pct=0 cannot"),
        ({"crop_pct": 1e-3}, "crop_pct=0.001 cannot .* a share from 0.1 to 1"),
        ({"crop_pct": None}, "crop_pct=None cannot"),
        ({"interpolation": "cubic"}, "interpolation='cubic' .* bilinear or bicubic"),
        ({"sizes": 3}, "wrap knows no 'sizes': give any of size, mean"),
        ({"dino": 1}, "dino=1 cannot"),
    ],
)
def test_preprocessing_out_of_range(adapter: models.Adapter, how: dict, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        models.wrap(adapter.module, **how)


def test_dinos_way_is_for_plain_vits() -> None:
    with pytest.raises(SettingError, match="dino=True is for a plain ViT"):
        models.wrap(nn.Conv2d(3, 3, 3), dino=True)


@pytest.mark.parametrize(
    "photo", [None, [[1, 2], [3, 4]], 5, PHOTO / 255, PHOTO[..., :2], PHOTO[:0]]
)
def test_what_is_no_photo(adapter: models.Adapter, photo: Any) -> None:
    with pytest.raises(SettingError, match=r"A photo is an .* not .* open it with viz\.open_image"):
        adapter.prepare(photo)


@pytest.mark.parametrize("size", ["abc", "64", 64.5, [64], True, np.float32(64)])
def test_what_is_no_size(adapter: models.Adapter, size: Any) -> None:
    with pytest.raises(SettingError, match=r"size=.* is not a whole number of pixels: choose 8 "):
        adapter.prepare(PHOTO, size=size)


def test_sizes_of_numpy_are_taken(adapter: models.Adapter) -> None:
    assert adapter.prepare(PHOTO, size=np.int64(48)).grid == (6, 8)


def test_images_of_pillow_and_paths_are_taken(adapter: models.Adapter, tmp_path: Path) -> None:
    image = Image.fromarray(PHOTO)
    turned = image.getexif()
    turned[0x0112] = 6  # stored on its side, to be turned by 90 degrees clockwise
    image.save(tmp_path / "photo.png", exif=turned)
    upright = adapter.prepare(np.rot90(PHOTO, -1).copy())
    for photo in (tmp_path / "photo.png", str(tmp_path / "photo.png")):
        np.testing.assert_array_equal(adapter.prepare(photo).view, upright.view)
    plain = adapter.prepare(Image.fromarray(PHOTO))
    np.testing.assert_array_equal(plain.view, adapter.prepare(PHOTO).view)


def test_what_is_clear_in_an_image_lies_on_white(adapter: models.Adapter) -> None:
    clear = Image.new("RGBA", (64, 48), (9, 9, 9, 0))
    assert (adapter.prepare(clear).view == 255).all()


def test_files_that_are_no_photos(adapter: models.Adapter, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"There is no file '.*cat\.jpg'"):
        adapter.prepare(tmp_path / "cat.jpg")
    (tmp_path / "notes.txt").write_text("no photo")
    with pytest.raises(SettingError, match=r"'notes\.txt' cannot be read as a photo: open it with"):
        adapter.prepare(tmp_path / "notes.txt")
    with pytest.raises(SettingError, match="cannot be read as a photo"):
        adapter.prepare(tmp_path)


@pytest.mark.parametrize("record", [viz.record_attention, viz.record_activations])
def test_what_is_recorded(adapter: models.Adapter, record: Any) -> None:
    x = adapter.prepare(PHOTO)
    for wrong in (None, "bundled-vit", adapter.module):
        with pytest.raises(SettingError, match=r"is not a model to record: pass what models\.load"):
            record(wrong, x)
    for wrong in (None, PHOTO, x.pixels):
        with pytest.raises(
            SettingError, match=r"is not a prepared photo: pass what adapter\.prepare"
        ):
            record(adapter, wrong)
    other = models.wrap(timm.create_model("vit_tiny_patch16_224", **{**SMALL, "patch_size": 16}))
    with pytest.raises(SettingError, match=r"prepared for patches of 8 px .* has 16 px"):
        record(other, x)


@pytest.mark.parametrize("layers", ["conv1", 5, [5], b"conv1", None.__class__])
def test_layers_are_a_list_of_names(layers: Any) -> None:
    adapter = models.wrap(nn.Sequential(nn.Conv2d(3, 4, 3)), size=32)
    x = adapter.prepare(PHOTO)
    with pytest.raises(SettingError, match="is not a list of names"):
        viz.record_activations(adapter, x, layers)
    assert list(viz.record_activations(adapter, x, {"0"}).maps) == ["0"]


def test_a_model_that_returns_no_tensor_says_so_only_when_it_is_asked(
    adapter: models.Adapter,
) -> None:
    class Pair(nn.Conv2d):
        def forward(self, x: Any) -> Any:
            return super().forward(x), x

    pair = models.wrap(nn.Sequential(Pair(3, 4, 3)), size=32)
    x = pair.prepare(PHOTO)
    assert pair.run(x.pixels) is None
    with pytest.raises(HeedmapError, match="returns neither logits nor features as one tensor"):
        pair.forward(x.pixels)
