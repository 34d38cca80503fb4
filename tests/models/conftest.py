"""A hub on loopback and an empty machine for each test that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from heedmap.models.catalogue import names
from heedmap.models.catalogue.entries import CLASSIFYING_VIT, CLIP, CNN, Model
from heedmap.models.loading import loader, registry

from tests import checkpoints
from tests.hub import Hub, client

HOST = (
    "HEEDMAP_ALLOW", "HEEDMAP_PASTED_IDS", "HEEDMAP_MAX_GB", "HEEDMAP_CACHE_GB", "HEEDMAP_MODELS",
    "HEEDMAP_TRUST_LOCAL_CODE",
)  # fmt: skip


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No model in memory, none on the disk, and no choice made by the host; the hub's folder."""
    for name in (*HOST, "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    client(monkeypatch, tmp_path / "hub")
    registry._resolved.clear()
    loader._cache.clear()
    yield tmp_path / "hub"
    loader._cache.clear()


@pytest.fixture
def hub(machine: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub without repositories."""
    with Hub() as there:
        client(monkeypatch, machine, there.url)
        yield there


@pytest.fixture(scope="session")
def tiny_vit() -> checkpoints.Files:
    """A timm ViT of 0.4 million weights."""
    return checkpoints.timm("test_vit")


@pytest.fixture(scope="session")
def tiny_clip() -> checkpoints.Files:
    return checkpoints.clip()


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> tuple[Model, Model, Model]:
    """A catalogue of two timm models and a CLIP, instead of the real one."""
    tiny = (
        Model("tiny", "Tiny ViT", CLASSIFYING_VIT, "timm", "test_vit", "timm/tiny", size=64),
        Model("small", "Small ConvNet", CNN, "timm", "test_efficientnet", "timm/small"),
        Model("clip", "Tiny CLIP", CLIP, "transformers", "CLIPModel", "openai/tiny"),
    )
    monkeypatch.setattr(names, "CATALOGUE", tiny)
    return tiny
