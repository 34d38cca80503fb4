"""What a host permits, from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from heedmap import models
from heedmap.errors import DownloadError, SettingError
from heedmap.models.catalogue import policy
from heedmap.models.catalogue.entries import Model

pytestmark = pytest.mark.usefixtures("machine")

PASTED = Model("owner/name", "owner/name", ("vit",), "timm", repo="owner/name", pasted=True)


def test_all_is_allowed_by_default() -> None:
    assert all(policy.allowed(models.record(id)) for id in models.ids())
    assert policy.allowed(PASTED)
    assert policy.max_bytes() is None
    assert policy.cache_bytes() is None


def test_an_allowlist_names_ids_and_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_ALLOW", "dino-vits*, resnet18\nother/*")
    assert models.ids() == [
        "bundled-vit", "bundled-vit-reg", "bundled-clip", "bundled-cnn", "bundled-bert",
        "dino-vits16", "dino-vits8", "resnet18",
    ]  # fmt: skip
    assert not policy.allowed(PASTED)
    with pytest.raises(DownloadError) as caught:
        models.load("vgg16")
    assert str(caught.value) == (
        "The host of this app does not offer vgg16: choose a model from the list, or add the id "
        "to HEEDMAP_ALLOW."
    )


def test_pasted_ids_can_be_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_PASTED_IDS", "No")
    assert not policy.pasted_ids()
    with pytest.raises(DownloadError, match="does not offer owner/name"):
        models.load("owner/name")
    monkeypatch.setenv("HEEDMAP_ALLOW", "owner/*")  # but some may be named
    assert policy.allowed(PASTED)
    monkeypatch.setenv("HEEDMAP_PASTED_IDS", "perhaps")
    with pytest.raises(SettingError, match="HEEDMAP_PASTED_IDS='perhaps' is neither yes nor no"):
        policy.pasted_ids()


def test_a_model_over_the_limit_is_refused_without_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEEDMAP_MAX_GB", "0.5")
    with pytest.raises(DownloadError) as caught:
        models.load("clip-vit-l14")
    assert str(caught.value) == (
        "CLIP ViT-L/14 is a download of 1.71 GB and the host of this app permits 500 MB: choose a "
        "smaller model, or raise HEEDMAP_MAX_GB."
    )


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "two"])
def test_a_size_that_is_none(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_CACHE_GB", value)
    with pytest.raises(SettingError, match=f"HEEDMAP_CACHE_GB='{value}' is not a size"):
        policy.cache_bytes()


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [(1_500_000, "1.5 MB"), (86_700_000, "87 MB"), (1_217_500_000, "1.22 GB")],
)
def test_sizes_for_people(nbytes: int, text: str) -> None:
    assert policy.size(nbytes) == text


def test_a_container_has_less_than_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")

    def path(name: Any) -> Path:
        return tmp_path if str(name) == "/sys/fs/cgroup" else Path(name)

    monkeypatch.setattr(policy, "Path", path)
    assert policy.available_bytes() == 600
    (tmp_path / "memory.max").write_text("max\n")
    assert policy.available_bytes() > 600


def test_the_cache_takes_half_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    from heedmap.models.loading import build, loader

    build.device.cache_clear()
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(policy, "available_bytes", lambda: 1000)
    try:
        assert loader._budget() == 500
        monkeypatch.setenv("HEEDMAP_CACHE_GB", "2")
        assert loader._budget() == 2_000_000_000
    finally:
        build.device.cache_clear()


def test_the_environment_is_checked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert policy.check_environment() == []
    monkeypatch.setenv("HEEDMAP_PASTED_IDS", "")  # an empty value is none
    monkeypatch.setenv("HEEDMAP_MAX_GB", " ")
    monkeypatch.setenv("HEEDMAP_MODELS", str(tmp_path))
    monkeypatch.setenv("HEEDMAP_TRUST_LOCAL_CODE", "YES")
    assert policy.check_environment() == []
    assert policy.pasted_ids()
    assert policy.local_code()
    monkeypatch.setenv("HEEDMAP_CACHE_GB", "abc")
    monkeypatch.setenv("HEEDMAP_PASTED_IDS", "perhaps")
    monkeypatch.setenv("HEEDMAP_TRUST_LOCAL_CODE", "2")
    monkeypatch.setenv("HEEDMAP_MODELS", "~nouser")
    assert policy.check_environment() == [
        "HEEDMAP_PASTED_IDS='perhaps' is neither yes nor no: set one of them.",
        "HEEDMAP_CACHE_GB='abc' is not a size: set it to GB above 0, such as 2.5.",
        "HEEDMAP_MODELS='~nouser' is not a folder: set it to the folder that holds your models.",
        "HEEDMAP_TRUST_LOCAL_CODE='2' is neither yes nor no: set one of them.",
    ]


@pytest.mark.parametrize("name", ["HEEDMAP_MODELS", "HEEDMAP_MAX_GB", "HEEDMAP_PASTED_IDS"])
def test_a_long_value_is_shortened(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "a" * 5000)
    (sentence,) = policy.check_environment()
    assert sentence.startswith(f"{name}='aaa")
    assert len(sentence) < 200
