"""docs/families.md lists the families that tests check, and no other."""

from __future__ import annotations

import pytest

from tests import table

pytestmark = pytest.mark.slow  # builds a model of every family


def test_the_page_lists_what_the_tests_check() -> None:
    said = table.PAGE.read_text(encoding="utf-8")
    assert table.BLOCK.search(said)
    assert table.written(said) == said, "run python -m tests.table"
