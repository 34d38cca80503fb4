"""CNN channels: what the strongest channels of a CNN respond to, or Grad-CAM of a class."""

from __future__ import annotations

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.controls.channels import chosen_channel, pick_cam
from heedmap.pages.controls.columns import offer_comparison
from heedmap.pages.controls.elsewhere import offer_why
from heedmap.pages.controls.galleries import show_channels
from heedmap.pages.controls.look import pick_look
from heedmap.pages.controls.why import pick_layer, pick_target
from heedmap.pages.frame import link
from heedmap.pages.frame.head import explain, head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.frame.text import section
from heedmap.pages.language import told, tr
from heedmap.pages.run.answer import answer
from heedmap.pages.run.opening import open_channels, open_model
from heedmap.pages.run.why import answers
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.panels import panel, photo_panel
from heedmap.pages.stage.reasons import show_reasons
from heedmap.pages.take.export import offer
from heedmap.views import export, facts, large, why
from heedmap.views.reasons import Reason

SCALES = ("map", "layer")
CHANNELS = Phrase(
    "Where in the photo the strongest channels of each layer respond. "
    "A strong channel is a response, not a reason for the prediction."
)
CAM = Phrase(
    "Where the channels of one layer, weighted by what speaks for a class, add up. "
    "One method of several: the page Why puts it beside others, and to the test."
)


def show_cam() -> None:
    """Grad-CAM of a class, in one layer."""
    source = answer(page, adapter, request, None, why.source, notices, "cam")
    with st.sidebar:
        layer = pick_layer(source.layers["gradcam"])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="asked"):
        target = pick_target(source)
    found = answers(source, [source.asked("gradcam", target, layer)])
    look, tools = pick_look(("map",), signed=isinstance(target, tuple))
    notices.show()
    link.finish()
    offer_why(source.request)
    show_reasons(source, found, look, tools, link.ask)
    if maps := [each for each in found if isinstance(each, Reason)]:
        offer(export.large(large.of_reasons(maps, look), facts.reasons(source), link.address()))


def show_single_channels() -> None:
    """The strongest channels of some layers, one of them large."""
    source, count = open_channels(page, adapter, request, notices)
    look, tools = pick_look(SCALES, signed=source.signed)
    rows = source.strongest(count)
    hero = chosen_channel(rows)
    notices.show()
    link.finish()
    offer_comparison(look, hero)
    offer_why(hero.request)
    stage(
        [panel(hero, look, SCALES)],
        photo_panel(hero),
        facts.channel(hero),
        tools,
        link.ask,
        key="stage",
        bars=source.predictions(),
        verdict=source.verdict,
    )
    explain(hero, look)
    show_channels(rows, hero, look, count)
    offer(
        export.large(large.of_one(hero, look), facts.channel(hero), link.address()),
        export.channels(rows, hero, look, link.address()),
    )


page = enter("cnn")
caption = head(page.title)
notices = Notices()
adapter, request = open_model(page, notices)
with st.sidebar:
    section(tr("Map"))
    cam = pick_cam()
caption.caption(told(CAM if cam else CHANNELS))
(show_cam if cam else show_single_channels)()
