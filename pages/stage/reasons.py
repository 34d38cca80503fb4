"""Maps of methods that ask why as panels of the stage, and how far they agree as a table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import streamlit as st
from heedmap import viz
from heedmap.pages.stage.components import About, Panel
from heedmap.pages.stage.panels import panel
from heedmap.views.render import Look
from heedmap.views.why import METHODS, READS, Reason, agreement, on_one_scale

if TYPE_CHECKING:
    from heedmap.models import Prepared

SCALES = ("map", METHODS)


def reason_panels(
    shown: Sequence[Reason | tuple[str, str]], look: Look, seen: Prepared
) -> list[Panel]:
    """Maps as large pictures, each with what it reads, assumes and is known to get wrong.

    Args:
        shown: maps, and (method, sentence) for those that are not there.
        look: how they are drawn.
        seen: what the model saw.
    """
    maps = [each for each in shown if isinstance(each, Reason)]
    common = look.scale == METHODS
    drawn = iter(on_one_scale(maps) if common and maps else maps)
    # The values of the other scale are other values: the browser waits for them.
    scales = (METHODS,) if common else ("map",)
    size = seen.view.shape[:2]
    return [
        _reason(next(drawn), look, scales) if isinstance(each, Reason) else _absent(*each, size)
        for each in shown
    ]


def show_agreement(shown: Sequence[Reason]) -> None:
    """How alike the methods rank the places of the photo, as a table with shaded numbers."""
    found = agreement(shown)
    names = [escape(each.method.name) for each in shown]
    head = "".join(f"<th scope=col>{name}</th>" for name in names)
    rows = [
        f"<tr><th scope=row>{name}</th>"
        + "".join(_cell(1.0 if i == j else found[min(i, j), max(i, j)]) for j in range(len(names)))
        + "</tr>"
        for i, name in enumerate(names)
    ]
    st.html(
        '<div class="agreement"><table><caption>Rank correlation of each pair</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def about(method: viz.Method) -> About:
    """What is told under a map."""
    return {
        "reads": READS[method.reads], "assumes": method.assumes, "fails": method.fails,
        "source": method.source,
    }  # fmt: skip


def _reason(shown: Reason, look: Look, scales: Sequence[str]) -> Panel:
    return {**panel(shown, look, scales), "about": about(shown.method)}


def _absent(method: str, says: str, size: tuple[int, int]) -> Panel:
    """What stands in for a picture, in its proportions."""
    told = viz.METHODS[method]
    return {
        "title": told.name, "says": says, "alt": says, "src": "", "height": size[0],
        "width": size[1], "about": about(told),
    }  # fmt: skip


def _cell(value: float | None) -> str:
    if value is None:
        return "<td>–</td>"
    shade = f"{'less' if value < 0 else 'more'} s{round(10 * abs(value))}"
    return f'<td class="{shade}">{value:.2f}</td>'
