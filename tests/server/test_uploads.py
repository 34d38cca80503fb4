"""How much a visitor may upload."""

from __future__ import annotations

import pytest
from heedmap.serving.uploads import MINUTE, Allowance, Bounds, UploadLimit
from starlette.exceptions import HTTPException

from tests.server.asgi import PASSED, Inside, ask, status, text

REFUSED = 202  # so that the page runs, and says why
BOUNDS = Bounds(files=3, nbytes=100, held=150)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Host:
    """A server with small bounds whose clock a test moves."""

    def __init__(self, held: int = 0) -> None:
        self.clock, self.inside = Clock(), Inside()
        self.told: dict[str, str] = {}
        self.limit = UploadLimit(
            self.inside,
            lambda visitor: held,
            self.told.__setitem__,
            Allowance(BOUNDS, self.clock),
        )

    def put(self, visitor: str = "a", nbytes: int = 10, announce: bool = True) -> list:
        length = [("content-length", str(nbytes))] if announce else []
        path = f"/_stcore/upload_file/{visitor}/file"
        body = [b"x" * (nbytes // 2), b"x" * (nbytes - nbytes // 2)]
        return ask(self.limit, path, method="PUT", headers=length, body=body)


def test_files_a_minute_are_bounded_for_each_visitor() -> None:
    host = Host()
    assert [status(host.put()) for _ in range(4)] == [PASSED] * 3 + [REFUSED]
    assert status(host.put("b")) == PASSED


def test_the_refusal_says_when_to_come_back_and_then_there_is_room() -> None:
    host = Host()
    for _ in range(3):
        host.put()
        host.clock.now += 10
    refused = host.put()
    assert text(refused).strip() == host.told["a"]
    assert host.told["a"].endswith(
        "3 files and 9.53674e-05 MB in a minute: choose it again in 30 s."
    )
    assert len(host.inside.reached) == 3
    host.clock.now += 30
    assert status(host.put()) == PASSED
    assert status(host.put()) == REFUSED


def test_bytes_a_minute_are_bounded() -> None:
    host = Host()
    assert status(host.put(nbytes=60)) == PASSED
    assert status(host.put(nbytes=60)) == REFUSED
    assert status(host.put(nbytes=40)) == PASSED
    host.clock.now += MINUTE
    assert status(host.put(nbytes=60)) == PASSED


def test_bytes_that_were_not_announced_are_counted_as_they_come() -> None:
    host = Host()
    host.put(nbytes=60, announce=False)
    with pytest.raises(HTTPException) as refused:
        host.put(nbytes=60, announce=False)
    assert refused.value.status_code == 429
    assert len(host.inside.body) <= BOUNDS.nbytes


def test_bytes_held_at_once_are_bounded() -> None:
    assert status(Host(held=140).put(nbytes=10)) == PASSED
    full = Host(held=141)
    assert status(full.put(nbytes=10)) == REFUSED
    assert "reload the page" in full.told["a"]


def test_a_refused_file_is_read_to_its_end_and_kept_nowhere() -> None:
    host = Host(held=150)
    host.put(nbytes=11)
    assert host.inside.body == b""
    assert host.inside.reached == []


def test_a_file_that_no_page_sends_is_refused_unread() -> None:
    host = Host()
    length = [("content-length", str(10**9))]
    sent = ask(host.limit, "/_stcore/upload_file/a/file", method="PUT", headers=length, body=[])
    assert status(sent) == 413


def test_other_requests_are_not_counted() -> None:
    host = Host()
    for _ in range(10):
        assert status(ask(host.limit, "/_stcore/upload_file/a/file", method="DELETE")) == PASSED
        assert status(ask(host.limit, "/_stcore/health")) == PASSED
    assert status(host.put()) == PASSED


def test_visitors_of_the_past_are_forgotten() -> None:
    host = Host()
    for visitor in range(100):
        host.put(str(visitor))
        host.clock.now += 1
    host.clock.now += MINUTE
    host.put("last")
    assert list(host.limit._allowance._recent) == ["last"]
