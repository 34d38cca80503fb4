"""What page tests share: how many forward passes ran."""

from __future__ import annotations

import pytest
from heedmap.models.adapter.adapter import Adapter
from heedmap.views import cache


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the models that ran, one for each forward pass, from an empty cache on."""
    ran: list[str] = []
    forward = Adapter.forward

    def counted(self, pixels):
        ran.append(self.id)
        return forward(self, pixels)

    monkeypatch.setattr(Adapter, "forward", counted)
    cache.clear()
    return ran
