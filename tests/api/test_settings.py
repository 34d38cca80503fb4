"""Who may use the interface, by what the host has set."""

from __future__ import annotations

import pytest
from heedmap.api import app, settings
from heedmap.errors import SettingError
from starlette.testclient import TestClient


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEEDMAP_API", "HEEDMAP_API_KEYS", "HEEDMAP_HOSTS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("bound", "hosts", "said", "on"),
    [
        ("localhost", "", "", True),
        ("127.0.0.1", "", "", True),
        ("localhost", "", "no", False),
        ("localhost", "heedmap.example.org", "", False),
        ("localhost", "heedmap.example.org", "yes", True),
        ("0.0.0.0", "", "", False),
        ("0.0.0.0", "", "Yes", True),
        ("", "", "", False),
        (None, "", "", False),
        ("192.168.1.2", "", "", False),
    ],
)
def test_it_is_on_where_only_this_machine_can_reach_it(
    bound: str | None, hosts: str, said: str, on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEEDMAP_HOSTS", hosts)
    monkeypatch.setenv("HEEDMAP_API", said)
    assert settings.is_on(bound) is on
    assert settings.is_asked_for() is (said.lower() == "yes")


def test_values_that_cannot_be_used_are_told_without_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEEDMAP_API", "perhaps")
    monkeypatch.setenv("HEEDMAP_API_KEYS", "a-long-enough-key-of-mine, secret")
    first, second = settings.check_environment()
    assert first == "HEEDMAP_API='perhaps' is neither yes nor no: set one of them."
    assert second.startswith("Key 2 of HEEDMAP_API_KEYS cannot be used")
    assert "secret" not in second
    with pytest.raises(SettingError):
        settings.access()


def test_where_it_is_off_it_says_so() -> None:
    with TestClient(app.off(), "http://localhost") as client:
        answer = client.get("/v1/maps")
        assert answer.status_code == 404
        assert "turn it on with HEEDMAP_API=yes" in answer.json()["detail"]
