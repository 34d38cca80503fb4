"""Words: what each word of a text attends to in a language model, head by head."""

from __future__ import annotations

from functools import partial

import streamlit as st
from heedmap.pages.controls.attention import pick_head, pick_layer
from heedmap.pages.controls.words import pick_word, picked_word
from heedmap.pages.deeper import compared as beside
from heedmap.pages.deeper import words as deeper
from heedmap.pages.frame import link
from heedmap.pages.frame.head import head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.frame.text import section
from heedmap.pages.language import tr
from heedmap.pages.run.words import open_words, run
from heedmap.pages.stage import components
from heedmap.pages.stage.words import sent
from heedmap.pages.take.export import offer
from heedmap.views import two_texts, word_figure, words
from heedmap.views.attention import MEAN

page = enter("words")
head(page.title).caption(
    tr(
        "What each word of a text attends to, the text cut into tokens as the model reads it. "
        "Attention is where information is read, not an explanation of the decision."
    )
)
notices = Notices()

adapter, source, other = open_words(page, notices)
with st.sidebar:
    section(tr("Map"))
    first_layer, first_head = source.first
    kept = link.together(layer=str(source.found.depth - 1), head=MEAN)
    layer = pick_layer(source.found.depth, default=first_layer, kept=kept)
    chosen = pick_head(source.found.heads, default=first_head, kept=kept)
hero = run(adapter, source, partial(words.word_map, layer=layer, head=chosen))
at = picked_word(len(source.found.tokens))
guesses = run(adapter, source, partial(words.guesses, at=at))
both = None
if other:
    with notices.guard():
        both = two_texts.compared(source, other)
opened = deeper.settings()
notices.show()
link.finish()

deeper.tell(hero)
if both:
    second = beside.show(both, hero, at)
    offer(*word_figure.of_two(both, hero, second, at, link.address()))
else:
    components.words(sent(hero, at, guesses), pick_word, key="text")
    offer(*word_figure.figures(hero, at, link.address()))
deeper.show(opened, hero, at, guesses)
