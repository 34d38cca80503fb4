"""The figures of the bundled models in the README are those of their cards."""

from __future__ import annotations

import re

from heedmap.models.catalogue import entries as catalogue

from tests.table import README

ROW = re.compile(r"^\| (bundled-[\w-]+) \| (.+ \| .+ \|)$", re.MULTILINE)


def test_the_readme_says_what_the_cards_say():
    said = ROW.findall(README.read_text(encoding="utf-8"))
    bundled = {model.id: model.folder for model in catalogue.CATALOGUE if model.bundled}
    assert {id for id, _ in said} == set(bundled)
    for id, row in said:
        assert f"| {row}" in (bundled[id] / "README.md").read_text(encoding="utf-8"), (id, row)
