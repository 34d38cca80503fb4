"""docs/figures.md is what the benchmarks write."""

from __future__ import annotations

import pytest

from benchmarks import figures

REMEDY = "run python -m benchmarks.figures cards"


def test_the_bundled_models_figures_are_those_of_their_cards() -> None:
    page = figures.PAGE.read_text(encoding="utf-8")
    assert figures.put(page, "bundled", figures.cards()) == page, REMEDY


def test_cards_and_page_write_a_figure_alike() -> None:
    for model in figures.CATALOGUE:
        if model.bundled and model.folder:
            card = (model.folder / "README.md").read_text(encoding="utf-8")
            rows = [row for row in figures.cards().splitlines() if row.startswith(f"| {model.id} ")]
            assert rows
            for row in rows:
                assert row.removeprefix(f"| {model.id} ") in card


def test_a_table_takes_its_place_and_no_other() -> None:
    page = "a\n<!-- page -->\nold\n<!-- /page -->\nb\n<!-- capture -->\nkept\n<!-- /capture -->\n"
    table = figures.measured("noise\n| x | y |\n|---|---|\n| 1 | 2 |\n")
    new = figures.put(page, "page", table)
    assert new == page.replace("old", table)
    assert table.endswith("\n\n| x | y |\n|---|---|\n| 1 | 2 |")
    with pytest.raises(ValueError, match="no place for 'models'"):
        figures.put(page, "models", table)


@pytest.mark.parametrize("name", figures.BENCHMARKS)
def test_the_page_has_a_place_for_each_benchmark(name: str) -> None:
    assert figures.put(figures.PAGE.read_text(encoding="utf-8"), name, "")
