"""CLIP layers: how attention moves through the layers of CLIP's vision tower."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts import (
    attention,
    downloads,
    heads,
    layers,
    link,
    records,
    shell,
    work,
)
from pages.parts.components import gallery, stage
from pages.parts.drawing import SCALES, Drawing, original, panel, ratio
from pages.parts.look import pick_look

shell.enter("clip")
shell.head(
    "CLIP layers",
    "How attention in CLIP’s vision tower changes from layer to layer. "
    "Attention is where information is read, not an explanation of what CLIP sees in the photo.",
)
notices = shell.Notices()

asked = work.ask("clip")
with st.sidebar:
    shell.section("Map")
    kind = layers.pick_kind()

answer = work.result("clip", asked, lambda each: records.attention(each, kind == "tokens"), notices)

source = attention.source(*answer, kind)
with st.sidebar:
    head = heads.pick_head(source)
    pair = layers.pick_pair(source.depth)
    shell.section("Picture")
    drawing = Drawing(pick_look({each: SCALES[each] for each in ("map", "layers")}, "bilinear"))

first, second = (attention.Map(source, layer, head) for layer in pair)
facts = [
    *attention.sight(source),
    ("Attention", attention.KINDS[source.kind]),
    ("Layers", f"{pair[0]} and {pair[1]} (first 0, last {source.depth - 1})"),
    ("Head", attention.among(head, source.heads)),
    (f"In layer {pair[0]}", first.strongest),
    (f"In layer {pair[1]}", second.strongest),
]
stage(
    [panel(each, drawing, share=True) for each in (first, second)],
    original(source.asked, source.seen, source.seen.grid),
    facts,
    key="stage",
)

columns = layers.pick_columns()
gallery(
    [{"items": attention.layers(first, drawing)}],
    [str(layer) for layer in pair],
    layers.swap_in,
    label="Layers",
    key="layers",
    ratio=ratio(source.seen),
    columns=columns,
    badges=["1", "2"],
)
notices.show()
link.finish()

downloads.figure(
    lambda: [drawing(replace(first, layer=layer)) for layer in range(source.depth)],
    "clip-layers",
    drawing.look,
    captions=[f"Layer {layer}" for layer in range(source.depth)],
    columns=columns,
    title=f"{facts[0][1]}: {attention.KINDS[source.kind]}, {first.title.split(', ')[1]}",
    facts=facts[1:4],
    limits=first.limits("layers") if drawing.look.scale == "layers" else None,
)
