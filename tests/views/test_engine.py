"""Where the engine is, as the environment says."""

from __future__ import annotations

import pytest
from heedmap.errors import SettingError
from heedmap.views import engine, turns


def test_there_is_none_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, "", "  "):
        monkeypatch.delenv("HEEDMAP_ENGINE", raising=False)
        if value is not None:
            monkeypatch.setenv("HEEDMAP_ENGINE", value)
        assert engine.address() == ""


@pytest.mark.parametrize("value", ["http://engine:8600", "https://e.example.org/heedmap/"])
def test_an_address_is_taken(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_ENGINE", value)
    monkeypatch.delenv("HEEDMAP_PASSES", raising=False)
    assert engine.address() == value.rstrip("/")
    assert turns.passes_at_once() == turns.AT_ENGINE


@pytest.mark.parametrize(
    "value", ["engine:8600", "ray://engine", "http://", "http://[x", "http://e:99999", "http://e?a"]
)
def test_what_is_no_address_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_ENGINE", value)
    with pytest.raises(SettingError, match=r"HEEDMAP_ENGINE=.* is not an address"):
        engine.address()
