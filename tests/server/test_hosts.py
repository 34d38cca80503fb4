"""Which host names the server answers to, and which pages may call it."""

from __future__ import annotations

import pytest
from heedmap.errors import SettingError
from heedmap.serving.hosts import HostCheck, from_environment, host_name

from tests.server.asgi import PASSED, Inside, ask, status, text

EVIL = "evil.example"


@pytest.fixture(autouse=True)
def default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEEDMAP_HOSTS", raising=False)


def answer(*hosts: str, origin: str = "", bound: str | None = None, **request: object) -> int:
    """The status of a request with these Host headers."""
    headers = [("host", host) for host in hosts] + ([("origin", origin)] if origin else [])
    return status(ask(HostCheck(Inside(), from_environment(bound)), headers=headers, **request))


@pytest.mark.parametrize("host", ["localhost", "LocalHost:8501", "127.0.0.1:80", "[::1]:8501"])
def test_loopback_is_known(host: str) -> None:
    assert answer(host) == PASSED


@pytest.mark.parametrize(
    "host",
    [
        *(EVIL, f"{EVIL}:8501", "localhost.evil.example", "evil.localhost", "127.0.0.2", "[::2]"),
        *("", "localhost:port", "localhost:99999", "user@localhost", "localhost/x", "local host"),
        *("localhost\\evil", "localhost,evil.example", "a" * 300, "[::1", "::1]", "*", "é"),
    ],
)
def test_any_other_host_is_refused(host: str) -> None:
    assert answer(host) in range(400, 500)


def test_a_request_without_host_or_with_two_is_refused() -> None:
    assert answer() in range(400, 500)
    assert answer("localhost", EVIL) in range(400, 500)
    assert answer(EVIL, "localhost") in range(400, 500)


def test_the_refusal_says_what_to_set_and_reaches_nobody() -> None:
    inside = Inside()
    sent = ask(HostCheck(inside, from_environment()), headers=[("host", EVIL)])
    assert "HEEDMAP_HOSTS" in text(sent)
    assert EVIL in text(sent)
    assert inside.reached == []


def test_a_websocket_of_another_host_or_origin_is_closed() -> None:
    inside = Inside()
    check = HostCheck(inside, from_environment())
    wrong = [[("host", EVIL)], [("host", "localhost"), ("origin", f"http://{EVIL}")]]
    for headers in wrong:
        assert ask(check, kind="websocket", headers=headers)[0]["type"] == "websocket.close"
    assert inside.reached == []
    right = [("host", "localhost:8501"), ("origin", "http://localhost:8501")]
    assert ask(check, kind="websocket", headers=right)[0]["type"] == "websocket.accept"


@pytest.mark.parametrize(
    "origin", [f"http://{EVIL}", "http://localhost:3000", "http://localhost", "null", "file://"]
)
def test_pages_of_other_sites_may_not_call(origin: str) -> None:
    assert answer("localhost:8501", origin=origin) == 403


@pytest.mark.parametrize("origin", ["http://localhost:8501", "https://LOCALHOST:8501"])
def test_our_own_page_may_call(origin: str) -> None:
    assert answer("localhost:8501", origin=origin) == PASSED


def test_the_address_that_a_connection_came_in_at_is_known() -> None:
    assert answer("192.168.1.7:8501", server=("192.168.1.7", 8501)) == PASSED
    assert answer("192.168.1.7:8501", server=("::ffff:192.168.1.7", 8501)) == PASSED
    assert answer("192.168.1.8:8501", server=("192.168.1.7", 8501)) == 421


def test_the_bound_name_is_known_but_a_wildcard_is_no_name() -> None:
    assert answer("gpu7.lab", bound="GPU7.lab") == PASSED
    assert answer("0.0.0.0:8501", bound="0.0.0.0") == 421
    assert answer(EVIL, bound="0.0.0.0") == 421


def test_the_host_lists_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_HOSTS", "Heedmap.Example.org, *.hf.space 10.0.0.5 [fd00::1]")
    for host in ("heedmap.example.org", "me-x.hf.space:443", "10.0.0.5", "[fd00::1]:80"):
        assert answer(host) == PASSED
    assert answer("localhost") == PASSED  # a health check beside the proxy
    for host in ("example.org", "hf.space", "evilhf.space", "heedmap.example.org.evil.example"):
        assert answer(host) == 421


def test_a_star_lets_every_valid_host_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_HOSTS", "*")
    assert answer(EVIL) == PASSED
    assert answer("evil;example") == 421


@pytest.mark.parametrize(
    "value",
    ["https://example.org", "example.org:443", "*.*.org", "a*b.org", "*.", "a b/c", ".org", "é"],
)
def test_a_wrong_entry_is_said(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_HOSTS", value)
    with pytest.raises(SettingError, match="HEEDMAP_HOSTS"):
        from_environment()


def test_a_trailing_dot_is_the_same_name() -> None:
    assert host_name("localhost.:8501") == "localhost"
