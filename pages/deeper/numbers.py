"""Numbers of all heads: plots over depth, a table, and how much heads and layers overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.pages.deeper import charts
from heedmap.pages.frame import link
from heedmap.pages.frame.text import heading
from heedmap.pages.language import told, tr
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.views import numbers
from heedmap.views.attention import MEAN, Map

if TYPE_CHECKING:
    from heedmap.views.numbers import Numbers
    from heedmap.views.render import Look

_HINTS = {
    "distance": Phrase("How far the patches of each head attend, on average: low is local."),
    "entropy": Phrase("How evenly they attend: 0 is one patch, 1 is all alike."),
}


def show(hero: Map, look: Look) -> None:
    """Show the numbers of all heads; picking one shows its map."""
    request = hero.request
    found = run_shown(load(request.model), request, None, lambda a, r, _: numbers.numbers(a, r))
    heads = [{**row, "shown": _is_shown(row, hero)} for row in found.rows]
    for place, column in zip(st.columns(2), _HINTS, strict=True):
        with place:
            _plot(heads, found, column)
    _table(heads, found)
    _overlaps(hero)


def _plot(heads: list[dict[str, Any]], found: Numbers, column: str) -> None:
    name, key = told(found.columns[column]), f"plot {column}"
    heading(name, "")
    st.altair_chart(
        charts.over_depth(heads, column, name, found.uniform[column]),
        key=key,
        on_select=lambda: _pick_dot(key),
        selection_mode=charts.PICKED,
        height=280,
    )
    st.caption(tr("{hint} The line is attention to all patches alike.", hint=_HINTS[column]))


def _table(heads: list[dict[str, Any]], found: Numbers) -> None:
    heading(tr("All heads"), tr("Sort by any column; tick one to see it large."))
    names = {"layer": tr("Layer"), "head": tr("Head"), **told(found.columns)}
    table = [{name: row[key] for key, name in names.items()} for row in heads]
    st.dataframe(
        table,
        hide_index=True,
        height=260,
        key="numbers table",
        on_select=lambda: _pick_row(heads),
        selection_mode="single-row",
        column_config={
            name: st.column_config.NumberColumn(format="%.1f" if key == "distance" else "%.3f")
            for key, name in told(found.columns).items()
        },
    )
    even = "; ".join(
        f"{told(name)}: {found.uniform[key]:.3g}" for key, name in found.columns.items()
    )
    st.caption(tr("Attention to all tokens alike would have: {even}.", even=even))
    st.download_button(
        tr("All numbers (CSV)"), found.csv(), "attention-numbers.csv", "text/csv",
        key="get numbers", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def _overlaps(hero: Map) -> None:
    """Overlap between the heads of the layer, and between the layers for the head."""
    heads = np.asarray(hero.source.maps[hero.layer])
    layers = [
        viz.head_mean(maps) if hero.head == MEAN else maps[int(hero.head) % len(maps)]
        for maps in hero.source.maps
    ]
    left, right = st.columns(2)
    if len(heads) > 1:
        with left:
            _overlap(viz.overlap(heads), tr("Head"), tr("Heads of layer {layer}", layer=hero.layer))
    if len(layers) > 1 and len({maps.shape for maps in layers}) == 1:
        with right:
            _overlap(
                viz.overlap(np.stack(layers)),
                tr("Layer"),
                tr("Layers, {head}", head=hero.head_name),
            )


def _overlap(found: viz.Overlap, axis: str, title: str) -> None:
    heading(title, tr("overlap"))
    st.altair_chart(charts.matrix(found.jaccard, axis), height=300)
    st.caption(
        tr(
            "Of the {k} strongest patches of two maps, the share that both have (Jaccard). Maps "
            "without relation share {chance:.3f}.",
            k=found.k,
            chance=found.chance,
        )
    )


def _is_shown(row: dict[str, float], hero: Map) -> bool:
    return row["layer"] == hero.layer and hero.head in (MEAN, str(row["head"]))


def _pick_dot(key: str) -> None:
    picked: list[dict[str, Any]] = st.session_state[key].selection.get(charts.PICKED, [])
    if picked:
        _choose(picked[0]["layer"], picked[0]["head"])


def _pick_row(heads: list[dict[str, Any]]) -> None:
    rows = st.session_state["numbers table"].selection.rows
    if rows:
        _choose(heads[rows[0]]["layer"], heads[rows[0]]["head"])


def _choose(layer: int, head: int) -> None:
    st.session_state[link.key_of("layer")] = int(layer)
    st.session_state[link.key_of("head")] = str(int(head))
