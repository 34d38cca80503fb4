"""CNN channels: what the strongest channels of a ConvNet's convolutions answer to."""

from __future__ import annotations

import streamlit as st
from heedmap.pages.parts import channels, downloads, heads, link, picker, records, shell, work
from heedmap.pages.parts.components import gallery, stage
from heedmap.pages.parts.drawing import SCALES, Drawing, original, panel, ratio
from heedmap.pages.parts.look import pick_look

shell.enter("cnn")
shell.head("CNN channels").caption(
    "Which parts of the photo the strongest channels of each layer answer to, convolutions before "
    "any normalisation. A strong channel is a response, not a reason for the prediction.",
)
notices = shell.Notices()

asked = work.ask("cnn", notices)
with st.sidebar:
    shell.section("Map")
    layers = channels.Layers()
    count = channels.pick_count()
    shell.section("Picture")
    drawing = Drawing(pick_look({each: SCALES[each] for each in ("map", "layer")}, "bilinear"))


def look_into(asked: records.Request) -> records.Channels:
    """Run the model for the layers that are chosen of it."""
    adapter = picker.have(asked.model)
    with notices.guard():
        return records.activations(asked, layers.of(adapter))
    return records.activations(asked, adapter.default_conv_layers)


answer = work.result("cnn", asked, look_into, notices)

rows = channels.strongest(*answer, count)
key, hero = channels.pick_hero(rows)
notices.show()
link.finish()

facts = channels.facts(hero)
stage(
    [panel(hero, drawing)],
    original(hero.asked, hero.seen, hero.values.shape),
    facts,
    key="stage",
    bars=channels.predictions(hero),
)

shell.heading("The strongest channels", "Ranked by their mean. Pick one to see it large.")
gallery(
    channels.gallery_rows(rows, drawing),
    [hero.name],
    lambda picked: heads.choose(key, picked),
    label="Channels",
    key="channels",
    ratio=ratio(hero.seen),
    columns=count,
)
downloads.figure(
    lambda: channels.pictures(rows, drawing),
    "cnn-channels",
    drawing.look,
    captions=channels.captions(rows),
    row_labels=list(rows),
    columns=count,
    title=f"{facts[0][1]}: strongest channels",
    facts=[facts[1], *[(name, f"{share:.1%}") for name, share in channels.predictions(hero)]],
)
