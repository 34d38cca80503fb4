"""Facts as tables: one row each, or one column each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from heedmap.views.facts import Facts


def rows(told: Sequence[Facts]) -> None:
    """A row for each; all have the same labels, which are the columns."""
    labels = [label for label, _ in told[0]]
    columns = zip(*([value for _, value in each] for each in told), strict=True)
    _table(dict(zip(labels, columns, strict=True)))


def columns(told: dict[str, Facts]) -> None:
    """A column for each, under its name; all have the same labels, which are the rows."""
    labels = [label for label, _ in next(iter(told.values()))]
    _table({"": labels} | {name: [value for _, value in each] for name, each in told.items()})


def _table(content: dict[str, Sequence[str]]) -> None:
    st.table({name: [_plain(each) for each in cells] for name, cells in content.items()},
        hide_index=True, border="horizontal")
