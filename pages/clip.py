"""CLIP layers: how attention moves through the layers of CLIP's vision tower, or words on it."""

from __future__ import annotations

import streamlit as st
from heedmap import viz
from heedmap.languages import Phrase, join
from heedmap.pages.controls.attention import pick_difference, pick_head, pick_pair
from heedmap.pages.controls.columns import offer_comparison
from heedmap.pages.controls.elsewhere import offer_why
from heedmap.pages.controls.galleries import show_heads, show_layers
from heedmap.pages.controls.look import pick_look
from heedmap.pages.controls.texts import pick_texts, pick_word_map, pick_words, show_vocabulary
from heedmap.pages.frame import link
from heedmap.pages.frame.head import explain, head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.frame.text import heading, plain, section
from heedmap.pages.language import tr
from heedmap.pages.run import live
from heedmap.pages.run.answer import answer
from heedmap.pages.run.loading import can_read
from heedmap.pages.run.opening import choose_attention, open_model
from heedmap.pages.run.why import explanations, go_on, prompts
from heedmap.pages.stage import texts
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.panels import attention_panels, photo_panel, pin
from heedmap.pages.take.export import offer
from heedmap.views import attention, export, facts, large
from heedmap.views import texts as wording
from heedmap.views.attention import Map
from heedmap.views.compare import BOTH, alone
from heedmap.views.pairs import difference
from heedmap.views.reasons import Waiting


def show_words() -> None:
    """Some texts, each with a map of how alike it and the places of the photo are."""
    caption.caption(
        tr(
            "How alike the places of the photo and some texts are: similarity, not attention, "
            "and no reason. All texts are on one scale, so that what is absent looks absent."
        )
    )
    asked = pick_texts()
    kind = pick_word_map()
    method = wording.method(kind)
    more = (
        Phrase("It is not small where a text is absent: look at the score first.")
        if kind in wording.GRADIENTS
        else Phrase("Places that are no more like a text than like “a photo” stay clear.")
    )
    st.caption(
        plain(join([method.assumes, method.fails, more], "{one} {other}")),
        help=plain(method.source),
    )
    if not can_read(adapter, notices):
        notices.show()
        link.finish()
        return
    source = answer(page, adapter, request, asked, wording.source, notices, "words")
    found: list[viz.Explanation | Waiting] = []
    shown: list[wording.WordMap | Waiting]
    if kind in wording.GRADIENTS:
        found = explanations(source.request, source.seen, source.asked(kind))
        maps = source.explained(kind, [None if isinstance(e, Waiting) else e for e in found])
        missing = (each for each in found if isinstance(each, Waiting))
        shown = [each or next(missing) for each in maps]
    else:
        shown = [*source.similarities(kind)]
    look, tools = pick_look(texts.SCALES)
    notices.show()
    link.finish()
    offer_why(source.request)
    texts.show_texts(source, shown, look, tools, link.ask)
    if maps := [each for each in shown if not isinstance(each, Waiting)]:
        offer(export.large(large.of_words(maps, look), facts.reasons(source), link.address()))
    read = prompts(source)
    heading(tr("Which of their words counted"), tr("relevance over the text, of each by itself"))
    texts.show_prompts(read)
    show_vocabulary(source)
    go_on([*found, *read])


def show_attention() -> None:
    """Two layers large, all of them small."""
    source = choose_attention(page, adapter, request, notices)
    several = source.depth > 1  # a pooling head is a single layer
    across = Phrase("How attention changes from layer to layer of the vision tower.")
    caption.caption(
        tr(
            "{across} Attention is where information is read, not an explanation of what the model "
            "sees.",
            across=across if several else viz.KINDS[source.kind].reading,
        )
    )
    with st.sidebar:
        last = attention.clearest_head(source, source.depth - 1)
        chosen = pick_head(source.heads(), default=last)
        pair = pick_pair(source.depth)
        less = pick_difference(several)

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

    explain(shown[0], look)
    columns = 4
    if several:
        columns = show_layers(shown, alone(look))
    else:
        show_heads(shown[0], alone(look))
    notices.show()
    link.finish()
    offer_comparison(look, *shown)
    offer_why(shown[0].request)
    offer(
        export.large(large.of_maps(shown, look, differing), facts.layers(shown), link.address()),
        export.layers(shown, alone(look), columns, link.address()),
    )
    live.send_queries(shown)


page = enter("clip")
caption = head(page.title)
notices = Notices()
adapter, request = open_model(page, notices)
with st.sidebar:
    section(tr("Map"))
    reads = pick_words(adapter)
(show_words if reads else show_attention)()
