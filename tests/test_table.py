"""The README lists the families that tests hold, and no other."""

from __future__ import annotations

from tests import table


def test_the_readme_lists_what_the_tests_hold() -> None:
    said = table.README.read_text(encoding="utf-8")
    assert table.BLOCK.search(said)
    assert table.written(said) == said, "run python -m tests.table"
