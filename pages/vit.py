"""ViT heads: what each attention head of a Vision Transformer reads from a photo."""

from __future__ import annotations

import streamlit as st
from heedmap.pages.controls.attention import pick_hiding, pick_map
from heedmap.pages.controls.galleries import show_heads
from heedmap.pages.controls.look import pick_look
from heedmap.pages.frame import link
from heedmap.pages.frame.head import explain, head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.run import live
from heedmap.pages.run.beside import pick_beside
from heedmap.pages.run.opening import open_attention
from heedmap.pages.stage import downloads
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.panels import attention_panels, photo_panel, pin, words
from heedmap.views import facts
from heedmap.views.attention import Map
from heedmap.viz import KINDS

SCALES = ("map", "layer", "model")

page = enter("vit")
caption = head(page.title)
notices = Notices()

source = open_attention(page, notices)
caption.caption(
    f"{KINDS[source.kind].reading} "
    "Attention is where information is read, not an explanation of the decision."
)
with st.sidebar:
    layer, chosen = pick_map(source)
    hide = pick_hiding()

hero = Map(source, layer, chosen, hide)
look, tools = pick_look(SCALES, masks=True, patches=bool(source.home))
second = pick_beside(page, hero, notices)
notices.show()
link.finish()

told = facts.attention(hero) + (facts.beside(second) if second else [])
shown = [hero, second] if second else [hero]
stage(
    attention_panels(shown, look, SCALES),
    photo_panel(hero),
    told,
    tools,
    live.ask,
    key="stage",
    pin=pin(hero),
)

explain(words(hero, look))
show_heads(hero, look)
downloads.heads(hero, look, told, link.address())
live.send_queries(shown)
