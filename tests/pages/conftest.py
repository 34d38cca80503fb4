"""What page tests share: how many forward passes ran."""

from __future__ import annotations

import pytest
from heedmap.models.adapter.adapter import Adapter
from heedmap.views import cache


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the models that ran, one for each forward pass, from an empty cache on."""
    ran: list[str] = []
    run = Adapter.run

    def counted(self, pixels, fit="whole"):
        ran.append(self.id)
        return run(self, pixels, fit)

    monkeypatch.setattr(Adapter, "run", counted)
    cache.clear()
    return ran
