"""The table of numbers: every head, beside uniform attention."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from heedmap import viz
from heedmap.views.numbers import of_record


def record() -> viz.Attention:
    maps = np.full((2, 3, 4, 6), 0.03, np.float32)
    others = np.full((2, 3, 2), 0.14, np.float32)
    numbers = np.arange(6, dtype=np.float32).reshape(2, 3) / 10
    return viz.Attention({"cls": maps}, (4, 6), others, slice(0, 1), numbers, numbers * 100)


def test_every_head_has_a_row_and_uniform_attention_the_last() -> None:
    found = of_record(record(), 16)
    assert [(row["layer"], row["head"]) for row in found.rows] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)
    ]  # fmt: skip
    row = found.rows[4]
    assert row["entropy"] == pytest.approx(0.4)
    assert row["distance"] == pytest.approx(40)
    assert (row["cls"], row["registers"], row["outliers"]) == pytest.approx((0.14, 0.14, 0))
    assert row["patches"] == pytest.approx(0.72)
    assert found.uniform["distance"] == pytest.approx(viz.uniform_distance((4, 6), 16))
    assert found.uniform["patches"] == pytest.approx(24 / 26)
    lines = list(csv.DictReader(io.StringIO(found.csv())))
    assert len(lines) == 7
    assert float(lines[4]["distance"]) == pytest.approx(40)
    assert lines[-1]["layer"] == "uniform"
    assert float(lines[-1]["entropy"]) == 1


def test_a_model_without_cls_has_fewer_columns() -> None:
    whole = record()
    found = of_record(
        viz.Attention(
            {"tokens": whole.cls}, (4, 6), None, entropy=whole.entropy, distance=whole.distance
        ),
        16,
    )
    assert list(found.columns) == ["distance", "entropy"]
