"""Objects by the hash of their bytes: kept, bounded, never served damaged; also on S3."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from heedmap.errors import StoreError
from heedmap.store import Store
from heedmap.store.bucket import Bucket
from heedmap.store.folder import Folder
from heedmap.store.place import Place

from tests import s3 as s3_server

DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A bucket of an S3 server on this machine, as an address of the store."""
    with s3_server.loopback():
        yield f"s3://{s3_server.BUCKET}/shared"


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return Folder(tmp_path / "photos")
    return Bucket(f"{request.getfixturevalue('s3')}/{tmp_path.name}")


def store(place: Place, nbytes: int = 1000, clock: Clock | None = None) -> Store:
    return Store(place, nbytes, 30 * DAY, clock or Clock())


def test_what_one_server_puts_and_drops_another_sees(place: Place) -> None:
    mine, theirs = store(place), store(place)
    content = os.urandom(100)
    assert not theirs.exists(hashlib.sha256(content).hexdigest())
    address = mine.put(content)
    assert address == hashlib.sha256(content).hexdigest()
    assert theirs.exists(address)
    assert theirs.get(address) == mine.get(address) == content
    theirs.drop(address)
    assert not mine.exists(address)
    assert mine.get(address) is None, "though it is in the memory of this server"
    mine.drop(address)


def test_existence_is_asked_without_bytes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    address = store(place).put(b"photo")
    monkeypatch.setattr(place, "read", lambda name: pytest.fail("bytes were fetched"))
    assert store(place).exists(address)


def test_damaged_bytes_are_never_served(place: Place) -> None:
    address = store(place).put(b"a whole photo")
    place.write(address, b"a whole ph")
    assert store(place).get(address) is None
    assert store(place).put(b"a whole photo") == address
    assert store(place).get(address) == b"a whole photo"


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    folder, clock = Folder(tmp_path), Clock()
    kept = store(folder, 250, clock)
    old, used = (kept.put(bytes([at]) * 100) for at in (1, 2))
    for at, address in enumerate((used, old)):
        os.utime(tmp_path / address, (0, clock() - 5000 + at))
    assert kept.get(used), "which is a use"
    new = kept.put(b"3" * 100)
    assert [kept.exists(each) for each in (old, used, new)] == [False, True, True]
    with pytest.raises(StoreError, match=r"0\.0 MB does not fit.*HEEDMAP_STORE_GB"):
        kept.put(b"4" * 251)


def test_what_nobody_opened_for_long_is_gone(place: Place) -> None:
    clock = Clock()
    kept = store(place, clock=clock)
    address = kept.put(b"photo")
    clock.ahead = 31 * DAY
    assert not kept.exists(address)
    assert kept.get(address) is None
    kept.put(b"another")
    assert place.entry(address) is None


@pytest.mark.parametrize("address", ["", "../" * 3, "0" * 63, "A" * 64, "0" * 32])
def test_what_is_no_address_reaches_no_place(tmp_path: Path, address: str) -> None:
    kept = store(Folder(tmp_path / "photos"))
    assert not kept.exists(address)
    assert kept.get(address) is None
    kept.drop(address)


def test_a_write_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from heedmap.store.folder import Folder\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Folder(Path(sys.argv[1])).write('0' * 64, b'half')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    assert done.returncode == -signal.SIGKILL
    folder = Folder(tmp_path)
    assert folder.entries() == []
    (half,) = tmp_path.iterdir()
    os.utime(half, (0, 0))
    assert folder.entries() == []
    assert not list(tmp_path.iterdir()), "what nobody finishes is cleared away"


def test_a_place_that_fails_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    kept = store(Folder(tmp_path / "file" / "photos"))
    with pytest.raises(StoreError, match="cannot be written now"):
        kept.put(b"photo")
