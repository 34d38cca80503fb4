"""What the card of a model says to programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from heedmap import models
from heedmap.models.catalogue.card import Calibration, Card, card


def test_every_bundled_model_says_what_it_was_taught_by() -> None:
    for entry in models.records():
        said = models.card(entry.id)
        assert bool(said.taught) == entry.bundled
        if entry.id != "bundled-cnn":
            assert said.calibration == Calibration(temperature=1, threshold=0)


def test_the_bundled_cnn_is_calibrated() -> None:
    calibration = models.card("bundled-cnn").calibration
    assert 0.3 <= calibration.temperature <= 3
    assert 0 < calibration.threshold < 1


def test_a_folder_without_a_card_says_nothing(tmp_path: Path) -> None:
    entry = replace(models.record("bundled-cnn"), folder=tmp_path)
    assert card(entry) == Card()
