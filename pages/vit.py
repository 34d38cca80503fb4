"""ViT heads: what each attention head of a Vision Transformer reads from a photo."""

from __future__ import annotations

import streamlit as st
from heedmap.pages.controls.attention import pick_hiding, pick_map
from heedmap.pages.controls.columns import offer_comparison
from heedmap.pages.controls.elsewhere import offer_why
from heedmap.pages.controls.galleries import show_heads
from heedmap.pages.controls.look import pick_look
from heedmap.pages.deeper import sections
from heedmap.pages.frame import link
from heedmap.pages.frame.head import explain, head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.language import tr
from heedmap.pages.run import live
from heedmap.pages.run.beside import pick_beside
from heedmap.pages.run.hiding import ready_to_hide
from heedmap.pages.run.opening import open_attention
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.panels import attention_panels, photo_panel, pin
from heedmap.pages.take.export import offer
from heedmap.views import export, facts, large
from heedmap.views.attention import Map
from heedmap.views.compare import BOTH, alone
from heedmap.views.pairs import difference
from heedmap.viz import KINDS

SCALES = ("map", "layer", "model")

page = enter("vit")
caption = head(page.title)
notices = Notices()

source = open_attention(page, notices)
caption.caption(
    tr(
        "{reading} Attention is where information is read, not an explanation of the decision.",
        reading=KINDS[source.kind].reading,
    )
)
with st.sidebar:
    layer, chosen = pick_map(source)
    hide = pick_hiding()

hero = Map(ready_to_hide(source, hide), layer, chosen, hide)
beside = pick_beside(page, hero, notices)
shown = [hero, beside[0]] if beside else [hero]
scales = (*SCALES, BOTH) if beside else SCALES
look, tools = pick_look(scales, masks=True, patches=bool(source.home))
deeper = sections.setting()
notices.show()
link.finish()
offer_comparison(look, *shown)
offer_why(shown[0].request)

told = facts.attention(hero) + (facts.beside(beside[0]) if beside else [])
less = difference(*shown) if beside and beside[1] else None
stage(
    attention_panels(shown, look, scales, less),
    photo_panel(hero),
    told,
    tools,
    live.ask,
    key="stage",
    pin=pin(hero),
)

explain(hero, look)
small = alone(look)
show_heads(hero, small)
offer(
    export.large(large.of_maps(shown, look, less), told, link.address()),
    export.heads(hero, small, told, link.address()),
)
live.send_queries(shown)
sections.show(deeper, hero, small)
