"""ViT heads: what each attention head of a Vision Transformer reads from a photo."""

from __future__ import annotations

import streamlit as st
from heedmap.pages.parts import attention, downloads, heads, link, shell, work
from heedmap.pages.parts.components import stage
from heedmap.pages.parts.drawing import SCALES, Drawing, original
from heedmap.pages.parts.kinds import Kinds
from heedmap.pages.parts.look import pick_look
from heedmap.viz.kinds import KINDS

shell.enter("vit")
caption = shell.head("ViT heads")
notices = shell.Notices()

asked = work.ask("vit", notices)
with st.sidebar:
    shell.section("Map")
    kinds = Kinds()

_, source = work.result("vit", asked, kinds.look, notices)
caption.caption(
    f"{KINDS[source.kind].reading} "
    "Attention is where information is read, not an explanation of the decision."
)
with st.sidebar:
    layer = heads.pick_layer(source)
    head = heads.pick_head(source.heads(layer))
    shell.section("Picture")
    drawn = pick_look({each: SCALES[each] for each in ("map", "layer", "model")})

view, keep, hide = heads.pick_view()
drawing = Drawing(drawn, view, keep)
hero = attention.Map(source, layer, head, hide)
with st.sidebar:
    beside = heads.pick_beside(hero, notices)
notices.show()
link.finish()

shown = [hero] if beside is None else [hero, beside]
facts = attention.facts(hero) + (attention.beside(beside) if beside else [])
stage(
    attention.panels(shown, drawing),
    original(source.asked, source.seen, hero.values.shape),
    facts,
    key="stage",
)

heads.show_all(hero, drawing, "vit.head")
downloads.heads(hero, drawing, facts)
