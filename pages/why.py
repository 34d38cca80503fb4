"""Why: what counted for a class, by several methods side by side, and how far they agree."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.controls.columns import offer_comparison
from heedmap.pages.controls.elsewhere import offer_pages
from heedmap.pages.controls.look import pick_look
from heedmap.pages.controls.why import (
    asks_text,
    pick_layers,
    pick_methods,
    pick_random,
    pick_target,
    pick_trust,
)
from heedmap.pages.frame import link
from heedmap.pages.frame.head import explain, head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.frame.text import heading, section
from heedmap.pages.language import told, tr
from heedmap.pages.run.answer import answer
from heedmap.pages.run.loading import can_read, load
from heedmap.pages.run.opening import open_model
from heedmap.pages.run.why import answers, go_on, seconds_of_tests, tests
from heedmap.pages.stage.reasons import SCALES, show_agreement, show_reasons
from heedmap.pages.take.export import offer
from heedmap.views import export, facts, large, reasons, why
from heedmap.views.reasons import Reason

TESTED = Phrase(
    "Under each map: the score as the photo is put back in the order of the map (solid) and as it "
    "is taken away (dashed). The number is the area between them: more is better, and a map worth "
    "its name beats random numbers and a blob in the centre."
)

page = enter("why")
head(page.title).caption(
    tr(
        "What counted for a class, by several methods. Each rests on an assumption of its own, and "
        "none is the reason itself: where they disagree, believe none without a test."
    )
)
notices = Notices()

source = answer(page, *open_model(page, notices), None, why.source, notices)
with st.sidebar:
    section(tr("Methods"))
    methods = pick_methods(source)
    layers = pick_layers(source, methods)
    random = pick_random()
with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="asked"):
    target = pick_target(source)
    if asks_text(target) and not can_read(load(source.request.model), notices):
        target = None  # how strong the features are, until texts can be read
    testing = not random and pick_trust(len(methods), seconds_of_tests(source, len(methods)))
asked = [source.asked(each, target, layers[each]) for each in methods]
learned = found = answers(source, asked)
if random:
    found = reasons.beside(learned, answers(source, [replace(each, random=True) for each in asked]))
shown = [each for each in found if isinstance(each, Reason)]
tested = tests(source, shown, target) if testing else {}
if testing:
    st.caption(told(TESTED))
signs = {each.signed for each in shown}
look, tools = pick_look(SCALES, signed=True in signs, mixed=False in signs)
notices.show()
link.finish()
offer_pages(page, source.request)
offer_comparison(look, source.request)
show_reasons(source, found, look, tools, link.ask, tested)
if len(shown) > 1:
    heading(
        tr("How far they agree"), tr("rank correlation: 1 is the same order of places, 0 is chance")
    )
    show_agreement(shown)
if shown:
    explain(shown[0], look)
    offer(export.large(large.of_reasons(shown, look), facts.reasons(source), link.address()))
go_on([*learned, *found, *tested.values()])
