"""The sample photos."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import viz
from heedmap.errors import ImageError, SettingError


def test_samples_open_offline(monkeypatch) -> None:
    def refuse(*_args, **_kwargs):
        raise AssertionError("a sample asked for the network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    ids = viz.sample_ids()
    assert len(ids) == len(set(ids)) >= 6
    for id in ids:
        record, picture = viz.sample(id), viz.open_sample(id)
        assert record.title
        assert record.credit
        assert record.alt.endswith(".")
        assert picture.dtype == np.uint8
        assert min(picture.shape[:2]) >= 300


def test_a_sample_that_is_none() -> None:
    with pytest.raises(SettingError, match="no sample photo 'dog': choose one of cat, "):
        viz.open_sample("dog")


def test_samples_without_scikit_image(monkeypatch) -> None:
    monkeypatch.setattr("heedmap.viz.photo.samples.find_spec", lambda name: None)
    with pytest.raises(ImageError, match="pip install scikit-image"):
        viz.open_sample("cat")
