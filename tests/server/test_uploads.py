"""How much a visitor may upload."""

from __future__ import annotations

import pytest
from heedmap.serving.uploads import MINUTE, Allowance, Bounds, UploadLimit
from starlette.exceptions import HTTPException

from tests.server.asgi import PASSED, Inside, ask, header, status

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
        self.limit = UploadLimit(self.inside, lambda visitor: held, Allowance(BOUNDS, self.clock))

    def put(self, visitor: str = "a", nbytes: int = 10, announce: bool = True) -> list:
        length = [("content-length", str(nbytes))] if announce else []
        path = f"/_stcore/upload_file/{visitor}/file"
        body = [b"x" * (nbytes // 2), b"x" * (nbytes - nbytes // 2)]
        return ask(self.limit, path, method="PUT", headers=length, body=body)


def test_files_a_minute_are_bounded_for_each_visitor() -> None:
    host = Host()
    assert [status(host.put()) for _ in range(4)] == [PASSED] * 3 + [429]
    assert status(host.put("b")) == PASSED


def test_the_refusal_says_when_to_come_back_and_then_there_is_room() -> None:
    host = Host()
    for _ in range(3):
        host.put()
        host.clock.now += 10
    assert header(host.put(), "Retry-After") == "30"
    host.clock.now += 30
    assert status(host.put()) == PASSED
    assert status(host.put()) == 429


def test_bytes_a_minute_are_bounded() -> None:
    host = Host()
    assert status(host.put(nbytes=60)) == PASSED
    assert status(host.put(nbytes=60)) == 429
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
    assert status(Host(held=141).put(nbytes=10)) == 413


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
