"""What page tests share: how many forward passes ran, and photos to upload."""

from __future__ import annotations

import io

import numpy as np
import pytest
import streamlit as st
from heedmap.models.adapter.adapter import Adapter
from PIL import Image


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the models that ran, one for each forward pass, from an empty cache on."""
    ran: list[str] = []
    run = Adapter.run

    def counted(self, pixels, fit="whole"):
        ran.append(self.id)
        return run(self, pixels, fit)

    monkeypatch.setattr(Adapter, "run", counted)
    st.cache_resource.clear()
    return ran


@pytest.fixture(scope="session")
def portrait() -> bytes:
    """A photo of its own, 60 x 90 px, bright in one corner, as PNG."""
    picture = np.random.default_rng(7).integers(0, 90, (90, 60, 3), np.uint8)
    picture[:20, :20] = 250
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()
