"""What the tests of views share: a bundled model, a request, and caches that are empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from heedmap import models
from heedmap.models import Adapter
from heedmap.views import cache
from heedmap.views.request import Request


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(scope="session")
def vit() -> Adapter:
    return models.load("bundled-vit")


@pytest.fixture(scope="session")
def cat() -> Request:
    return Request("cat", "bundled-vit", 128)
