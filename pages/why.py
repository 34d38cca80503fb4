"""Why: what counted for a class, by several methods side by side, and how far they agree."""

from __future__ import annotations

import streamlit as st
from heedmap.pages.controls.look import pick_look
from heedmap.pages.controls.why import pick_layers, pick_methods, pick_target
from heedmap.pages.frame import link
from heedmap.pages.frame.head import head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.frame.text import heading, section
from heedmap.pages.run.answer import answer
from heedmap.pages.run.opening import open_model
from heedmap.pages.run.why import answers, go_on
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.panels import photo_of
from heedmap.pages.stage.reasons import SCALES, reason_panels, show_agreement
from heedmap.pages.take.export import offer
from heedmap.views import export, facts, large, why
from heedmap.views.why import Reason

page = enter("why")
head(page.title).caption(
    "What counted for a class, by several methods. Each rests on an assumption of its own, and "
    "none is the reason itself: where they disagree, believe none without a test."
)
notices = Notices()

source = answer(page, *open_model(page, notices), None, why.source, notices)
with st.sidebar:
    section("Methods")
    methods = pick_methods(source)
    layers = pick_layers(source, methods)
target, less = pick_target(source.classes)
asked = [source.asked(method, target, less, layers[method]) for method in methods]
found = answers(source, asked)
shown = [each for each in found if isinstance(each, Reason)]
look, tools = pick_look(SCALES, signed=bool(less), mixed=True)
notices.show()
link.finish()

classes = source.classes
grid = shown[0].values.shape if shown else source.seen.grid
stage(
    reason_panels(
        [each if isinstance(each, Reason) else (each.asked.method, each.says) for each in found],
        look, source.seen,
    ),
    photo_of(source.request, source.seen, grid),
    facts.reasons(source),
    tools, link.ask, key="stage",
    bars=classes.best() if classes else [],
    verdict=classes.verdict if classes else "",
)  # fmt: skip
if len(shown) > 1:
    heading("How far they agree", "rank correlation: 1 is the same order of places, 0 is chance")
    show_agreement(shown)
if shown:
    offer(export.large(large.of_reasons(shown, look), facts.reasons(source), link.address()))
go_on(found)
