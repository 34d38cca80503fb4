"""The report of the export: photos x models x layers as one file, made while it can be stopped."""

from __future__ import annotations

import streamlit as st
from heedmap import models, viz
from heedmap.languages import Phrase
from heedmap.pages.controls.photo import every
from heedmap.pages.frame.notices import sentence
from heedmap.pages.frame.text import plain
from heedmap.pages.language import named, tr
from heedmap.private import session
from heedmap.views import photos, report, turns
from heedmap.views.render import Look
from heedmap.views.report import Plan
from heedmap.views.request import Request

_MADE = "heedmap.report"  # (what was asked for, the file) of the last report
_MOST_PHOTOS, _MOST_MODELS = 20, 4


def show(request: Request, look: Look) -> None:
    """Let the visitor choose what the report holds, and make it."""
    plan = _pick(request, look)
    wanted = st.button(
        tr("Make the report"), type="primary", disabled=not (plan.photos and plan.models),
        icon=":material/description:",
    )  # fmt: skip
    if wanted:
        _make(plan)
    made: tuple[Plan, bytes] | None = st.session_state.get(_MADE)
    if made and made[0] == plan:
        st.download_button(
            tr("Download, {made:.1f} MB", made=len(made[1]) / 1000000.0),
            made[1],
            "heedmap-report.html",
            "text/html",
            key="take.report",
            on_click="ignore",
            icon=":material/download:",
        )


def _pick(request: Request, look: Look) -> Plan:
    offered = {entry.id: entry.title for entry in models.records()}
    titles = {request.model: models.record(request.model).title, **offered}
    keys = list(dict.fromkeys([request.photo, *every()]))
    chosen = st.multiselect(
        tr("Photos"),
        keys,
        [request.photo],
        format_func=named(photos.title),
        max_selections=_MOST_PHOTOS,
        placeholder=tr("Choose photos"),
    )
    asked = st.multiselect(
        tr("Models"), titles, [request.model], format_func=titles.__getitem__,
        max_selections=_MOST_MODELS, placeholder=tr("Choose models"),
        help=tr("Each pass takes its time; a model that is not here yet is downloaded first."),
    )  # fmt: skip
    layers = st.segmented_control(
        tr("Layers"),
        ["last", "all"],
        default="last",
        required=True,
        format_func=named({"last": Phrase("The last"), "all": Phrase("All")}),
    )
    methods = st.multiselect(
        tr("Methods, about the most probable class"), viz.METHODS,
        format_func=named(lambda each: viz.METHODS[each].name),
        placeholder=tr("Choose methods"),
    )  # fmt: skip
    drawn = Look(look.colormap, look.opacity, fade=look.fade, diverging=look.diverging)
    return Plan(tuple(chosen), tuple(asked), str(layers), tuple(methods), drawn)


def _make(plan: Plan) -> None:
    """Make the report; whatever the visitor presses meanwhile ends it."""
    bar = st.progress(0.0, tr("Starting …"))
    stop = st.empty()
    stop.button(tr("Stop"), key="take.stop")  # the run that the press starts makes nothing
    try:
        with turns.visiting(session(), lambda words: None):
            page = report.make(plan, tell=lambda share, words: bar.progress(share, plain(words)))
    except Exception as error:
        st.error(plain(sentence(error)), icon=":material/error:")
    else:
        st.session_state[_MADE] = (plan, page)
    bar.empty()
    stop.empty()
