"""The controls of texts: what is read, how two texts belong together, and which word is picked."""

from __future__ import annotations

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.language import named, told, tr
from heedmap.views.words import EXAMPLES

MODES = {"one": Phrase("One text"), "pair": Phrase("A pair"), "compare": Phrase("Two compared")}
PRIVATE = Phrase(
    "Your text stays in the server’s memory for a while. It is neither logged nor stored, and only "
    "a link that you copy holds it."
)


def pick_texts() -> tuple[str, str, str | None]:
    """Let the visitor write a text or two: the mode, the first, and the second if there is one."""
    mode = str(
        st.segmented_control(
            tr("Texts"),
            MODES,
            key=link.choice("mode", MODES, "one"),
            format_func=named(MODES),
            label_visibility="collapsed",
            required=True,
            width="stretch",
            help=tr(
                "A pair is read together, as BERT reads two sentences. Two compared are read one "
                "by one, and their attention side by side."
            ),
        )
    )
    first, second = EXAMPLES[mode]
    key = link.setting("text", first, str)
    text = st.text_area(tr("Text"), key=key, height=110, label_visibility="collapsed")
    if mode == "one":
        st.caption(told(PRIVATE))
        return mode, text, None
    key = link.setting("second", second, str)
    second = st.text_area(tr("Second text"), key=key, height=90, label_visibility="collapsed")
    st.caption(told(PRIVATE))
    return mode, text, second


def picked_word(count: int) -> int | None:
    """The number of the word that is picked, None where there is none."""
    none: int | None = None
    key = link.setting("word", none, int, fits=lambda at: at is None or 0 <= at < count)
    found: int | None = st.session_state[key]
    return found


def pick_word(picked: str) -> None:
    """Keep the word that was picked; for a callback."""
    st.session_state[link.key_of("word")] = int(picked) if picked else None
