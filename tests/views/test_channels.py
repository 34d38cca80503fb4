"""What a classifier's prediction is called, and how far it is believed."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap.models import Calibration
from heedmap.views.channels import Source
from heedmap.viz import Activations

LOGITS = np.float32([2.0, 1.0, 0.0])


def source(calibration: Calibration, classes: tuple[str, ...] | None = ("a", "b", "c")) -> Source:
    maps = {"conv": np.ones((1, 2, 2), np.float32)}
    return Source(None, "", None, Activations(maps, LOGITS, classes), calibration)


def test_probabilities_are_calibrated() -> None:
    shares = dict(source(Calibration(temperature=0.5)).predictions())
    expected = np.exp(LOGITS / 0.5) / np.exp(LOGITS / 0.5).sum()
    assert list(shares.values()) == pytest.approx(expected)


def test_an_unsure_prediction_is_none_of_the_classes() -> None:
    best = float(np.exp(2) / np.exp(LOGITS).sum())
    sure, unsure = (source(Calibration(threshold=best + d)).verdict for d in (-0.01, 0.01))
    assert sure == "The most probable of 3 classes:"
    assert unsure == "None of the 3 things it knows; the nearest of 3 classes:"
    assert source(Calibration(), None).verdict == ""
