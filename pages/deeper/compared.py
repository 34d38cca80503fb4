"""Two texts in one model, beside each other: their maps, the difference, and layer by layer."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.controls.words import pick_word
from heedmap.pages.deeper import charts
from heedmap.pages.deeper.words import pick_dot
from heedmap.pages.frame.text import heading
from heedmap.pages.language import told, tr
from heedmap.pages.run.loading import load
from heedmap.pages.run.words import run
from heedmap.pages.stage import components
from heedmap.pages.stage.components.sent import Words
from heedmap.pages.stage.words import sent, sent_difference
from heedmap.views import words
from heedmap.views.attention import MEAN
from heedmap.views.two_texts import Compared
from heedmap.views.words import WordMap

APART = Phrase("Attention that moves")
BESIDE: Words = {
    "plain": True,
    "hint": Phrase("Click a word to see what it attends to in both texts."),
}


def show(found: Compared, first: WordMap, at: int | None) -> WordMap:
    """Show both texts, the word that is picked in the first marked in both, and what differs.

    Returns the head over the second text.
    """
    adapter = load(found.second.request.model)
    other = partial(words.word_map, layer=first.layer, head=first.head)
    second = run(adapter, found.second, other)
    left, right = st.columns(2, gap="large")
    with left:
        components.words({**sent(first, at), **BESIDE}, pick_word, key="text")
    with right:
        components.words(
            {**sent(second, found.other(at)), **BESIDE},
            partial(_pick_second, found),
            key="second text",
        )
    left, right = st.columns(2, gap="large")
    with left:
        heading(tr("The second less the first"), tr("between the tokens that both have"))
        components.words(
            sent_difference(found, first, second), partial(_pick_common, found), key="difference"
        )
        st.caption(tr("Red: the second text has more of its attention there. Blue: the first."))
    with right:
        heading(tr("Layer by layer"), tr("how far the attention of each head moves"))
        _chart(found, first)
    return second


def _chart(found: Compared, first: WordMap) -> None:
    apart = found.apart()
    heads = [
        {
            "layer": layer, "head": head, "apart": float(apart[layer, head]),
            "shown": layer == first.layer and first.head in (MEAN, str(head)),
        }
        for layer, head in np.ndindex(apart.shape)
    ]  # fmt: skip
    chart: Any = charts.over_depth(
        heads, "apart", told(APART), float(apart.mean()), Phrase("the mean")
    )
    st.altair_chart(
        chart, key="plot apart", height=320, on_select=partial(pick_dot, "plot apart"),
        selection_mode=charts.PICKED,
    )  # fmt: skip
    st.caption(
        tr(
            "Half the sum of the differences, of the words that both have: 0 is the same "
            "attention in both texts, 1 is all of it elsewhere. Click a dot to see that head."
        )
    )


def _pick_common(found: Compared, picked: str) -> None:
    """Pick the word of the first text that stands for one of those that both have."""
    pick_word(str(found.pairs[int(picked)][0]) if picked else "")


def _pick_second(found: Compared, picked: str) -> None:
    """Pick the word of the first text that stands for one of the second."""
    back = {two: one for one, two in found.pairs}
    at = back.get(int(picked)) if picked else None
    pick_word("" if at is None else str(at))
