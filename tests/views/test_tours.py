"""Guided views: the rule that picks two heads."""

from __future__ import annotations

import numpy as np
from heedmap.views.tours import most_different


def test_the_two_heads_that_correlate_least_are_picked() -> None:
    rng = np.random.default_rng(0)
    same, other = rng.random((2, 4, 5), dtype=np.float32)
    alike = np.stack([same, same * 2, same + 1])
    assert most_different([alike, np.stack([same, other, same])])[0] == 1
    planted = np.stack([same, same + other / 9, -same])
    assert most_different([alike, planted]) == (1, 0, 2)


def test_a_flat_map_is_no_different_one() -> None:
    ramp = np.arange(20, dtype=np.float32).reshape(4, 5)
    heads = np.stack([np.ones_like(ramp), ramp, ramp[::-1] + ramp / 2])
    assert most_different([heads[:1], heads]) == (1, 1, 2)
