"""CLIP layers: how attention moves through the layers of CLIP's vision tower."""

from __future__ import annotations

import streamlit as st
from heedmap.pages.controls.attention import pick_difference, pick_head, pick_pair
from heedmap.pages.controls.columns import offer_comparison
from heedmap.pages.controls.galleries import show_heads, show_layers
from heedmap.pages.controls.look import pick_look
from heedmap.pages.frame import link
from heedmap.pages.frame.head import explain, head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.run import live
from heedmap.pages.run.opening import open_attention
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.panels import attention_panels, photo_panel, pin, words
from heedmap.pages.take.export import offer
from heedmap.views import attention, export, facts, large
from heedmap.views.attention import Map
from heedmap.views.compare import BOTH, alone, difference
from heedmap.viz import KINDS

page = enter("clip")
caption = head(page.title)
notices = Notices()

source = open_attention(page, notices)
several = source.depth > 1  # a pooling head is a single layer
across = "How attention changes from layer to layer of the vision tower."
caption.caption(
    f"{across if several else KINDS[source.kind].reading} "
    "Attention is where information is read, not an explanation of what the model sees."
)
with st.sidebar:
    last = attention.clearest_head(source, source.depth - 1)
    chosen = pick_head(source.heads(), default=last)
    pair = pick_pair(source.depth)
    less = several and pick_difference()

shown = [Map(source, layer, chosen) for layer in pair]
scales = ("map", "layers", BOTH) if several else ("map", "layer")
look, tools = pick_look(scales, patches=bool(source.home))
differing = difference(*shown) if less else None
stage(
    attention_panels(shown, look, scales, differing),
    photo_panel(shown[0]),
    facts.layers(shown),
    tools,
    live.ask,
    key="stage",
    pin=pin(shown[0]),
)

explain(words(shown[0], look))
columns = 4
if several:
    columns = show_layers(shown, alone(look))
else:
    show_heads(shown[0], alone(look))
notices.show()
link.finish()
offer_comparison(look, *shown)
offer(
    export.large(large.of_maps(shown, look, differing), facts.layers(shown), link.address()),
    export.layers(shown, alone(look), columns, link.address()),
)
live.send_queries(shown)
