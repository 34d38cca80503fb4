"""What the environment says of the store, checked before the server starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from heedmap import store
from heedmap.store import settings


def test_photos_are_kept_in_the_users_data_folder_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HEEDMAP_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(settings.sys, "platform", "linux")
    found = settings.from_environment()
    assert found == store.Settings(str(tmp_path / "heedmap" / "photos"), 2_000_000_000, 90.0)
    assert store.check_environment() == []
    assert not list(tmp_path.iterdir()), "nothing is made before something is shared"


def test_a_folder_that_is_named_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEEDMAP_STORE", str(tmp_path / "photos"))
    assert store.check_environment() == []
    assert store.shared().get(store.shared().put(b"photo")) == b"photo"
    assert store.shared() is store.shared()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HEEDMAP_STORE_GB", "much", "'much' is out of range: set it to GB above 0"),
        ("HEEDMAP_STORE_GB", "0", "'0' is out of range"),
        ("HEEDMAP_KEEP_DAYS", "-1", "'-1' is out of range: set it to days above 0"),
        ("HEEDMAP_STORE", "ftp://photos", "'ftp://photos' is no place for photos"),
        ("HEEDMAP_STORE", "s3://", "set it to a folder or to s3://BUCKET/PREFIX"),
        ("HEEDMAP_STORE", "/dev/null/photos", "is not a folder that this server can write"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    (sentence,) = store.check_environment()
    assert said in sentence


def test_s3_without_its_client_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_STORE", "s3://photos/shared")
    monkeypatch.setattr(settings, "find_spec", lambda name: None)
    (sentence,) = store.check_environment()
    assert "requirements-s3.txt" in sentence
