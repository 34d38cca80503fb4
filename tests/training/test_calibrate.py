"""Temperature and threshold, on planted probabilities."""

from __future__ import annotations

import torch

from training import calibrate


def test_the_temperature_makes_probabilities_as_often_right_as_they_say():
    torch.manual_seed(0)
    honest = torch.randn(4000, 5)
    target = torch.multinomial(honest.softmax(1), 1)[:, 0]  # right as often as it says
    assert abs(calibrate.fit_temperature(honest, target) - 1) < 0.1
    assert abs(calibrate.fit_temperature(honest * 2, target) - 2) < 0.2


def test_the_threshold_parts_what_is_known_from_what_is_strange():
    right, strange = torch.linspace(0.7, 1, 50), torch.linspace(0.1, 0.6, 50)
    assert 0.6 < calibrate.fit_threshold(right, strange) <= 0.7
