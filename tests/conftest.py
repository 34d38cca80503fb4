"""What all tests share: their order and marks, a quiet process, and the installed wheel."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from tests import package

BROWSER = Path(__file__).parent / "browser"

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")
# What tests share is kept in a folder of this run, never in the user's own.
_store = tempfile.TemporaryDirectory(prefix="heedmap-store-")
os.environ["HEEDMAP_STORE"] = _store.name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser tests, which are slow, and run them last; groups of xdist come first.

    Playwright keeps an event loop running, beside which no other test can start one. A group is
    long and stays in one process: begun first, it leaves the other something to do until its end.
    """
    for item in items:
        if BROWSER in item.path.parents:
            item.add_marker("browser")
            item.add_marker("slow")

    def place(item: pytest.Item) -> tuple[bool, bool]:
        has = item.get_closest_marker
        return has("browser") is not None, has("xdist_group") is None

    items.sort(key=place)


@pytest.fixture(scope="session")
def portrait() -> bytes:
    """A photo of its own, 60 x 90 px, bright in one corner, as PNG."""
    picture = np.random.default_rng(7).integers(0, 90, (90, 60, 3), np.uint8)
    picture[:20, :20] = 250
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def no_other_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with no font but Matplotlib's own."""
    from heedmap.viz.draw import letters

    monkeypatch.setattr(letters, "_known", lambda kana: ())
    letters._font_of.cache_clear()
    yield
    letters._font_of.cache_clear()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all processes of this run; who makes something there holds its `lock`."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def wheel(shared: Path) -> Path:
    """The wheel of this checkout."""
    with FileLock(shared / "lock"):
        there = next((shared / "wheel").glob("*.whl"), None)
        return there or package.build(shared / "wheel")


@pytest.fixture(scope="session")
def installed(wheel: Path, shared: Path) -> Path:
    """The Python of an environment that the wheel is installed in; `heedmap` lies beside it."""
    with FileLock(shared / "lock"):
        return package.install(wheel, shared / "installed")
