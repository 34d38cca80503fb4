"""The controls of words on a photo: the texts, and which of their maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from heedmap.languages import Phrase
from heedmap.models.adapter.text import no_text
from heedmap.pages.frame import link
from heedmap.pages.frame.text import plain
from heedmap.pages.language import named, tr
from heedmap.views.texts import FIRST, MAPS, MOST, Source, method

if TYPE_CHECKING:
    from heedmap.models import Adapter

SHOWN = {"layers": Phrase("Layers"), "words": Phrase("Words")}


def pick_words(adapter: Adapter) -> bool:
    """Let the visitor choose between layers and words, where the model reads texts."""
    if "text" not in adapter.can:
        link.only("show", "layers")
        st.segmented_control(
            tr("Show"),
            SHOWN,
            default="layers",
            format_func=named(SHOWN),
            disabled=True,
            width="stretch",
        )
        st.caption(plain(no_text(adapter.title, adapter.can, adapter.reading.why)))
        return False
    shown = st.segmented_control(
        tr("Show"),
        SHOWN,
        key=link.choice("show", SHOWN, "layers"),
        format_func=named(SHOWN),
        required=True,
        width="stretch",
        help=tr(
            "Layers: where each layer attends. Words: how alike the places of the photo and some "
            "texts are."
        ),
    )
    return bool(shown == "words")


def pick_texts() -> tuple[str, ...]:
    """Let the visitor write texts, each of which becomes a chip."""
    key = link.setting(
        "words", list(FIRST), _read, write="~".join, fits=lambda texts: 0 < len(texts) <= MOST
    )
    st.session_state[key] = texts = _read("~".join(st.session_state[key]))
    st.multiselect(
        tr("Words"), texts, key=key, accept_new_options=True, max_selections=MOST,
        placeholder=tr("Write a text, then press Enter"),
        help=tr("Up to {most} texts, such as “a cat” or “a red car at night”.", most=MOST),
    )  # fmt: skip
    if not texts:
        link.notice(Phrase("No text is written: two are shown as an example."))
    return tuple(texts or FIRST)


def pick_word_map() -> str:
    """Let the visitor choose which map of each text is shown."""
    key = link.choice("map", MAPS, MAPS[0])
    chosen = st.segmented_control(
        tr("Map"), MAPS, key=key, format_func=named(lambda kind: method(kind).name), required=True
    )
    return str(chosen)


def show_vocabulary(source: Source) -> None:
    """Say which words the model knows, where these are few."""
    if not source.vocabulary:
        return
    unknown = [word for words in source.unknown.values() for word in words]
    names = ", ".join(map(plain, dict.fromkeys(unknown)))
    st.caption(
        tr(
            "{model} learned from {count} words; others it reads in pieces, and what it says of "
            "them means little.",
            model=plain(source.model),
            count=len(source.vocabulary),
        )
        + (f" {tr('It does not know {words}.', words=names)}" if unknown else "")
    )
    with st.expander(tr("The words it knows")):
        st.caption(plain(" · ".join(source.vocabulary)))


def _read(text: str) -> list[str]:
    """Texts without blanks around them, each once."""
    return [each for each in dict.fromkeys(part.strip() for part in text.split("~")) if each]
