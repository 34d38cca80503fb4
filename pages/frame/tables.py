"""Facts as tables: those of each thing in a row, or in a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from heedmap.pages.frame.text import plain
from heedmap.pages.language import told
from heedmap.views.facts import Facts


def listed(told: Sequence[Facts]) -> None:
    """A row for each; all have the same labels, which are above the columns."""
    labels = [label for label, _ in told[0]]
    cells = zip(*([value for _, value in each] for each in told), strict=True)
    _table(dict(zip(labels, cells, strict=True)))


def side_by_side(told: Mapping[str, Facts]) -> None:
    """A column for each, under its name; all have the same labels, which are before the rows."""
    labels = [label for label, _ in next(iter(told.values()))]
    _table({"": labels} | {name: [value for _, value in each] for name, each in told.items()})


def _table(content: Mapping[str, Sequence[str]]) -> None:
    cells = {told(name): [plain(each) for each in column] for name, column in content.items()}
    st.table(cells, border="horizontal", hide_index=True)
