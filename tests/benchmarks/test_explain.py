"""docs/explain.md is what the methods and the benchmark say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import explain, figures, trust

REMEDY = "run python -m benchmarks.explain methods"


def test_the_page_has_the_methods_as_they_are() -> None:
    page = explain.PAGE.read_text(encoding="utf-8")
    assert figures.put(page, "methods", "\n".join(explain.rows_of_methods())) == page, REMEDY


def test_areas_are_means_over_photos_with_their_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    areas = {0: (0.1, 0.5), 1: (0.3, 0.5), 2: (0.2, 0.8)}  # gains 0.4, 0.2, 0.6: s = 0.2
    lines = [
        {"photo": photo, "model": "bundled-vit", "method": method, "deletion": d, "insertion": i}
        for photo, (d, i) in areas.items()
        for method in ("relevance", "random")
    ]
    log.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    trust.print_table(trust.read(log))
    rows = capsys.readouterr().out.splitlines()[2:]
    assert rows == [
        "| bundled-vit | Relevance | 0.200 | 0.600 | +0.400 ± 0.115 | 3 |",
        "| bundled-vit | a random map | 0.200 | 0.600 | +0.400 ± 0.115 | 3 |",
    ]
    assert trust.read(tmp_path / "none.jsonl") == []
