"""Charts of Altair: numbers of heads over depth, and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
from heedmap.languages import Phrase
from heedmap.pages.language import told, tr

PICKED = "picked"  # the name of the selection of a dot


def over_depth(
    heads: Sequence[dict[str, Any]],
    column: str,
    name: str,
    uniform: float,
    what: str = Phrase("attention to all patches alike"),
) -> Any:
    """A dot a head over the layers, the shown one marked, and the line of uniform attention.

    Args:
        heads: for each head "layer", "head", "shown" (bool) and `column`.
        column: of the numbers.
        name: of their axis.
        uniform: where the line is.
        what: what the line means.
    """
    picked = alt.selection_point(name=PICKED, fields=["layer", "head"], empty=False)
    numbers = [{key: row[key] for key in ("layer", "head", "shown", column)} for row in heads]
    dots = (
        alt.Chart(_data(numbers))
        .mark_circle(opacity=0.85)
        .encode(
            x=alt.X("layer:O", title=tr("Layer"), axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{column}:Q", title=name, scale=alt.Scale(zero=False)),
            size=alt.condition("datum.shown", alt.value(150), alt.value(50)),
            color=alt.condition("datum.shown", alt.value("#e0473a"), alt.value("#7d6cf0")),
            tooltip=[
                alt.Tooltip("layer:O", title=tr("Layer")),
                alt.Tooltip("head:O", title=tr("Head")),
                alt.Tooltip(f"{column}:Q", format=".4g", title=name),
            ],
        )
        .add_params(picked)
    )
    line = (
        alt.Chart(_data([{"y": uniform, "what": told(what)}]))
        .mark_rule(strokeDash=[5, 4], opacity=0.7, color="gray", size=2)
        .encode(y="y:Q", tooltip=["what:N", alt.Tooltip("y:Q", format=".4g", title=name)])
    )
    return line + dots


def matrix(values: np.ndarray, axis: str) -> Any:
    """A square matrix of shares, 0 to 1.

    Args:
        values: (n, n).
        axis: what its rows and columns are.
    """
    cells = [
        {"a": int(a), "b": int(b), "share": float(share)}
        for (a, b), share in np.ndenumerate(values)
    ]
    return (
        alt.Chart(_data(cells))
        .mark_rect()
        .encode(
            x=alt.X("b:O", title=axis, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("a:O", title=axis),
            color=alt.Color(
                "share:Q", title=tr("Shared"), scale=alt.Scale(scheme="viridis", domain=[0, 1])
            ),
            tooltip=[
                alt.Tooltip("a:O", title=axis),
                alt.Tooltip("b:O", title=f"{axis} "),
                alt.Tooltip("share:Q", format=".3f", title=tr("Shared")),
            ],
        )
    )


def _data(rows: Sequence[dict[str, Any]]) -> Any:
    made: Any = alt.Data
    return made(values=list(rows))
