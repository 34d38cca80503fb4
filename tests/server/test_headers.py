"""The headers of every answer, and what of Streamlit's own addresses visitors may see."""

from __future__ import annotations

from pathlib import Path

import pytest
from heedmap.errors import SettingError
from heedmap.serving import headers
from heedmap.serving.headers import Private, SafeHeaders, frame_ancestors, inline_scripts

from tests.server.asgi import PASSED, Inside, ask, header, status


def directives(sent: list) -> dict[str, str]:
    """The Content-Security-Policy, by directive."""
    parts = header(sent, "Content-Security-Policy").split("; ")
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


def test_every_answer_carries_the_headers() -> None:
    sent = ask(SafeHeaders(Inside(), "'self'", "'sha256-x'"))
    assert header(sent, "X-Content-Type-Options") == "nosniff"
    assert header(sent, "Referrer-Policy") == "no-referrer"
    assert directives(sent)["default-src"] == "'none'"
    assert directives(sent)["script-src"] == "'self' blob: 'sha256-x'"
    assert directives(sent)["frame-ancestors"] == "'self'"
    assert "ws://localhost:8501" in directives(sent)["connect-src"].split()


def test_scripts_may_not_be_inline_evaluated_or_from_elsewhere() -> None:
    allowed = directives(ask(SafeHeaders(Inside(), "'self'", "")))["script-src"]
    assert allowed.split() == ["'self'", "blob:"]


def test_inline_scripts_are_named_by_their_hash(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<script src=x></script><script>alert('Hello, world.');</script>")
    # the example of the specification: https://www.w3.org/TR/CSP2/#script-src-hash-usage
    assert inline_scripts(page) == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"


@pytest.mark.parametrize(
    ("value", "ancestors"),
    [
        *(("", "'self'"), ("self", "'self'"), ("'none'", "'none'"), ("*", "*")),
        ("https://huggingface.co", "https://huggingface.co"),
        ("self, https://*.example.org:8443", "'self' https://*.example.org:8443"),
    ],
)
def test_the_host_chooses_who_may_frame(
    value: str, ancestors: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEEDMAP_FRAMES", value)
    assert frame_ancestors() == ancestors


@pytest.mark.parametrize("value", ["example.org", "https://a.org;script-src", "none self", "data:"])
def test_a_wrong_site_is_said(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEEDMAP_FRAMES", value)
    with pytest.raises(SettingError, match="HEEDMAP_FRAMES"):
        frame_ancestors()


@pytest.mark.parametrize(
    "path",
    [
        *("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent/interact"),
        *("/base/_stcore/metrics", "//_stcore/metrics", "/_stcore/stream/_stcore/metrics"),
        "/_stcore/",
    ],
)
def test_what_only_the_host_needs_is_not_there(path: str) -> None:
    inside = Inside()
    assert status(ask(Private(inside), path)) == 404
    assert inside.reached == []


@pytest.mark.parametrize("path", ["/", "/clip", "/static/x.js", "/media/x.png", "/api/v1/maps"])
def test_everything_else_passes(path: str) -> None:
    assert status(ask(Private(Inside()), path)) == PASSED
    for needed in headers.NEEDED:
        assert status(ask(Private(Inside()), headers.CORE + needed)) == PASSED
