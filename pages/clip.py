"""CLIP layers: how attention moves through the layers of CLIP's vision tower."""

from __future__ import annotations

import streamlit as st
from heedmap.pages.parts import attention, downloads, heads, layers, link, shell, work
from heedmap.pages.parts.components import stage
from heedmap.pages.parts.drawing import SCALES, Drawing, original, panel
from heedmap.pages.parts.kinds import Kinds
from heedmap.pages.parts.look import pick_look
from heedmap.viz.kinds import KINDS

shell.enter("clip")
caption = shell.head("CLIP layers")
notices = shell.Notices()

asked = work.ask("clip", notices)
with st.sidebar:
    shell.section("Map")
    kinds = Kinds()

_, source = work.result("clip", asked, kinds.look, notices)
caption.caption(
    f"{layers.ACROSS if source.depth > 1 else KINDS[source.kind].reading} "
    "Attention is where information is read, not an explanation of what the model sees."
)
with st.sidebar:
    head = heads.pick_head(source.heads())
    pair = layers.pick_pair(source.depth)
    shell.section("Picture")
    scales = ("map", "layers" if source.depth > 1 else "layer")
    drawing = Drawing(pick_look({each: SCALES[each] for each in scales}, "bilinear"))

shown = [attention.Map(source, layer, head) for layer in pair]
facts = layers.facts(shown)
stage(
    [panel(each, drawing, share=True) for each in shown],
    original(source.asked, source.seen, shown[0].values.shape),
    facts,
    key="stage",
)

every, columns = layers.show_all(shown, drawing)
notices.show()
link.finish()

downloads.figure(
    lambda: [drawing(each) for each in every.values()],
    "clip-layers",
    drawing.look,
    captions=list(every),
    columns=columns,
    title=f"{facts[0][1]}: {source.what}" + (f", {shown[0].head_name}" if pair[1:] else ""),
    facts=facts[1:4],
    limits=None if drawing.look.scale == "map" else shown[0].limits(drawing.look.scale),
)
