"""The loader as pages use it: light to import, one device, the bundled models."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from heedmap import models
from heedmap.errors import CheckpointError
from heedmap.models.catalogue import names
from heedmap.models.catalogue.entries import CATALOGUE, Model
from heedmap.models.loading import build
from heedmap.models.loading.unfilled import Unfilled

from tests.hub import client

ROOT = Path(__file__).parents[3]
BUNDLED = [model.id for model in CATALOGUE if model.bundled]


def test_the_catalogue_is_there_without_a_framework() -> None:
    code = (
        "import sys; from heedmap import models; models.ids();"
        "models.record('dino-vits16'); models.records({'convolutions'});"
        "print([m for m in ('torch', 'timm', 'transformers', 'huggingface_hub', 'streamlit')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("id", BUNDLED)
def test_a_bundled_model_needs_no_network(
    id: str, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(monkeypatch, machine, offline=True)
    adapter = models.load(id)
    record = models.record(id)
    assert (adapter.id, adapter.title, adapter.can) == (record.id, record.title, record.can)
    assert record.size == 0 if record.can == {"text"} else adapter.size == record.size == 128
    assert models.load(id) is adapter
    assert models.loaded(id)
    assert adapter.device.type == build.device().type
    assert adapter.dtype == build.precision()


def test_bundled_ones_stay_within_14_mb() -> None:
    for id in BUNDLED:
        folder = models.record(id).folder
        assert folder is not None
        assert (folder / "model.safetensors").stat().st_size <= 14_000_000


def test_a_copy_without_the_bundled_models_says_so(
    machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = Model("lost", "Lost", ("vit",), "timm", folder=tmp_path, bundled=True)
    monkeypatch.setattr(names, "CATALOGUE", (lost,))
    with pytest.raises(CheckpointError, match="lost is not in this copy of the project"):
        models.load("lost")


def test_many_threads_get_one_model(machine: Path) -> None:
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(models.load("bundled-cnn"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(adapter) for adapter in found}) == 1


def test_imagenet_names_its_classes() -> None:
    import timm

    with torch.device("meta"):
        module = timm.create_model("resnet18.a1_in1k")
    names = build._timm_classes(module)
    assert names is not None
    assert len(names) == 1000
    assert names[:2] == ["tench", "goldfish"]


@pytest.fixture
def forget_device() -> Any:
    build.device.cache_clear()
    build.precision.cache_clear()
    yield
    build.device.cache_clear()
    build.precision.cache_clear()


@pytest.mark.parametrize(
    ("cuda", "mps", "bf16", "device", "precision"),
    [
        (True, True, True, "cuda", torch.bfloat16),
        (True, False, False, "cuda", torch.float32),
        (False, True, True, "mps", torch.float32),
        (False, False, True, "cpu", torch.float32),
    ],
)
def test_the_device_and_its_precision(
    cuda: bool, mps: bool, bf16: bool, device: str, precision: torch.dtype,
    monkeypatch: pytest.MonkeyPatch, forget_device: None,
) -> None:  # fmt: skip
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: bf16)
    assert build.device().type == device
    assert build.precision() == precision


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["test_vit", "test_efficientnet", "vit_small_patch16_dinov3", "swin_tiny_patch4_window7_224",
     "eva02_tiny_patch14_224", "resnet18", "convnext_atto", "cait_xxs24_224"],
)  # fmt: skip
def test_building_without_random_numbers_changes_nothing_else(name: str) -> None:
    import timm

    plain = timm.create_model(name).eval()
    with Unfilled() as mode:
        other = timm.create_model(name).eval()
        assert mode.left(other)
        other.load_state_dict(plain.state_dict())
    assert mode.left(other) == []
    buffers = dict(other.named_buffers())
    for key, value in plain.named_buffers():
        assert torch.equal(buffers[key], value), key
    drawn = torch.empty(4)
    with Unfilled():
        torch.nn.init.trunc_normal_(drawn).zero_()
        assert drawn.add_(1).tolist() == [1, 1, 1, 1]  # what is filled counts again


def test_a_failure_inside_a_library_becomes_a_sentence(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(model: Model, folder: Path) -> Any:
        raise FileNotFoundError(f"No file x.json in {tmp_path}/a, or '{tmp_path}'.\nMore.")

    monkeypatch.setattr(build, "_timm", broken)
    with pytest.raises(CheckpointError) as caught:
        models.load("bundled-cnn")
    assert str(caught.value) == (
        "bundled-cnn cannot be built from its files (No file x.json in ..., or '...'.): choose "
        "another checkpoint, or check its architecture."
    )
    assert "FileNotFoundError" in caplog.text
