"""What every test shares: the order of the rooms, and the settings of a quiet process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BROWSER = Path(__file__).parent / "browser"

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser tests, and run them last: a broken core is heard of sooner."""
    for item in items:
        if BROWSER in item.path.parents:
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
