"""Maps of methods that ask why as panels of the stage, and how far they agree as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import streamlit as st
from heedmap import viz
from heedmap.languages import Phrase, number
from heedmap.pages.language import told, tr
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.components.sent import About, Panel, Tool, Trust
from heedmap.pages.stage.panels import panel, photo_of
from heedmap.views import facts
from heedmap.views.asked import Asked
from heedmap.views.reasons import METHODS, Reason, Waiting, agreement, on_one_scale
from heedmap.views.render import Look
from heedmap.views.why import READS, Source

if TYPE_CHECKING:
    from heedmap.models import Prepared

SCALES = ("map", METHODS)
NOTHING: Mapping[Asked, viz.Faithfulness | Waiting] = {}


def show_reasons(
    source: Source,
    found: Sequence[Reason | Waiting],
    look: Look,
    tools: Sequence[Tool],
    on_ask: Callable[[dict[str, str]], None],
    tested: Mapping[Asked, viz.Faithfulness | Waiting] = NOTHING,
) -> None:
    """Show the maps of methods under a toolbar, the photo and its best classes beside them."""
    maps = [each for each in found if isinstance(each, Reason)]
    grid = maps[0].values.shape if maps else source.seen.grid
    classes = source.classes
    stage(
        reason_panels(found, look, source.seen, tested),
        photo_of(source.request, source.seen, grid),
        facts.reasons(source),
        tools,
        on_ask,
        key="stage",
        bars=classes.best() if classes else [],
        verdict=classes.verdict if classes else "",
    )


def reason_panels(
    shown: Sequence[Reason | Waiting],
    look: Look,
    seen: Prepared,
    tested: Mapping[Asked, viz.Faithfulness | Waiting],
) -> list[Panel]:
    """Maps as large pictures, each with what it reads, assumes and is known to get wrong.

    Args:
        shown: maps, and those that are not there.
        look: how they are drawn.
        seen: what the model saw.
        tested: how far each map can be trusted, where that is asked for.
    """
    maps = [each for each in shown if isinstance(each, Reason)]
    common = look.scale == METHODS
    drawn = iter(on_one_scale(maps) if common and maps else maps)
    # The values of the other scale are other values: the browser waits for them.
    scales = (METHODS,) if common else ("map",)
    ends = _ends([each for each in tested.values() if isinstance(each, viz.Faithfulness)])
    made: list[Panel] = []
    for each in shown:
        method = viz.METHODS[each.asked.method]
        told = about(method)
        if isinstance(each, Reason):
            one = panel(next(drawn), look, scales)
        else:
            one = absent(method.name, each.says, seen)
        if each.asked in tested:
            told["trust"] = _trust(tested[each.asked], ends)
        one["about"] = told
        made.append(one)
    return made


def show_agreement(shown: Sequence[Reason]) -> None:
    """How alike the methods rank the places of the photo, as a table with shaded numbers."""
    found = agreement(shown)
    names = [escape(told(each.method.name)) for each in shown]
    head = "".join(f"<th scope=col>{name}</th>" for name in names)
    rows = [
        f"<tr><th scope=row>{name}</th>"
        + "".join(_cell(1.0 if i == j else found[min(i, j), max(i, j)]) for j in range(len(names)))
        + "</tr>"
        for i, name in enumerate(names)
    ]
    st.html(
        f'<div class="agreement"><table><caption>{tr("Rank correlation of each pair")}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def about(method: viz.Method) -> About:
    """What is told under a map."""
    return {
        "reads": READS[method.reads], "assumes": method.assumes, "fails": method.fails,
        "source": method.source,
    }  # fmt: skip


def absent(title: str, says: str, seen: Prepared) -> Panel:
    """What stands in for a picture, in its proportions."""
    height, width = seen.view.shape[:2]
    return {"title": title, "says": says, "alt": says, "src": "", "height": height, "width": width}


def _trust(found: viz.Faithfulness | Waiting, ends: tuple[float, float]) -> Trust:
    """The curves of a test, the mean over what stands in for the photo, and what they come to."""
    if isinstance(found, Waiting):
        return {"says": found.says}
    beside = [(Phrase("random map"), found.random), (Phrase("blob in the centre"), found.centre)]
    return {
        "says": "",
        "gain": number(found.heat.gain, ".3f"),
        "beside": [[name, number(curves.gain, ".3f")] for name, curves in beside],
        "unit": found.unit,
        "deletion": found.heat.deletion.mean(0).tolist(),
        "insertion": found.heat.insertion.mean(0).tolist(),
        "ends": ends,
    }


def _ends(found: Sequence[viz.Faithfulness]) -> tuple[float, float]:
    """The least and the greatest score of all curves; 0 is among them."""
    curves = [curve.mean(0) for f in found for curve in (f.heat.deletion, f.heat.insertion)]
    lows, highs = [float(c.min()) for c in curves], [float(c.max()) for c in curves]
    return min([0.0, *lows]), max([0.0, *highs])


def _cell(value: float | None) -> str:
    if value is None:
        return "<td>–</td>"
    shade = f"{'less' if value < 0 else 'more'} s{round(10 * abs(value))}"
    return f'<td class="{shade}">{number(value, ".2f")}</td>'
