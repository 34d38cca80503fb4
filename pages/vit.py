"""ViT heads: what each attention head of a Vision Transformer reads from a photo."""

from __future__ import annotations

import streamlit as st

from pages.parts import attention, downloads, heads, link, records, shell, work
from pages.parts.components import gallery, stage
from pages.parts.drawing import SCALES, Drawing, original, ratio
from pages.parts.look import pick_look

shell.enter("vit")
shell.head(
    "ViT heads",
    "Where each attention head reads from as the model sums up the photo in its CLS token. "
    "Attention is where information is read, not an explanation of the decision.",
)
notices = shell.Notices()

asked = work.ask("vit")

answer = work.result("vit", asked, records.attention, notices)

source = attention.source(*answer)
with st.sidebar:
    shell.section("Map")
    layer, head = heads.pick_layer(source), heads.pick_head(source)
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
    original(source.asked, source.seen, source.seen.grid),
    facts,
    key="stage",
)

shell.heading(f"All heads of layer {layer}", "Pick one to see it large.")
gallery(
    [{"items": attention.heads(hero, drawing)}],
    [head],
    lambda picked: heads.choose("vit.head", picked),
    label=f"Heads of layer {layer}",
    key="heads",
    ratio=ratio(source.seen),
)
downloads.heads(hero, drawing, facts)
