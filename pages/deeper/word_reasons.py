"""Below the words: which tokens counted for a guess, by several methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import streamlit as st
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.text import plain
from heedmap.pages.language import named, told, tr
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.pages.stage.shaded import shaded
from heedmap.views import word_reasons
from heedmap.views.word_reasons import FIRST

if TYPE_CHECKING:
    from heedmap.views.word_reasons import Asked
    from heedmap.views.words import Source, WordMap
    from heedmap.viz import Guess, TextReason

HINT = Phrase(
    "Pick a word to ask about what the model would put in its place. Each method rests on an "
    "assumption of its own, and none is the reason itself."
)


Keys: TypeAlias = tuple[str, str]


def settings() -> Keys:
    """The keys of the methods and of the guess. To be called before `link.finish`."""
    known = viz.TEXT_METHODS
    methods = link.setting(
        "methods", list(FIRST), lambda text: text.split("~"), write="~".join,
        fits=lambda chosen: bool(chosen) and set(chosen) <= set(known),
    )  # fmt: skip
    return methods, link.whole("guess", 0, 4, 0)


def show(keys: Keys, hero: WordMap, at: int | None, guesses: Sequence[Guess]) -> None:
    """Let the visitor choose methods and a guess, and show what counted for it."""
    notices = Notices()
    st.caption(told(HINT))
    chosen = st.pills(
        tr("Methods"),
        viz.TEXT_METHODS,
        key=keys[0],
        selection_mode="multi",
        format_func=named(lambda method: viz.TEXT_METHODS[method].name),
        label_visibility="collapsed",
    )
    token = _pick_guess(keys[1], _asked(hero.source, at, guesses))
    for method in viz.TEXT_METHODS:
        if method in chosen:
            with notices.guard():
                asked = word_reasons.asked(hero.source, method, at, token)
                _tell(_reason(asked), hero.source, asked.request.hidden)


def _asked(source: Source, at: int | None, guesses: Sequence[Guess]) -> Guess | None:
    """The guess at the picked word, or behind it; without one the first."""
    if at is None:
        return next(iter(guesses), None)
    place = at + (source.fills == "next")
    return next((each for each in guesses if each.place == place), None)


def _pick_guess(key: str, guess: Guess | None) -> int | None:
    """The token of the vocabulary that is asked about."""
    if guess is None:
        return None
    options = range(len(guess.tokens))
    chosen = st.segmented_control(
        tr("Ask about the guess"), options, key=key, required=True,
        format_func=lambda at: f"{plain(guess.tokens[at])} {100 * guess.shares[at]:.2g}%",
    )  # fmt: skip
    return guess.ids[chosen or 0]


def _reason(asked: Asked) -> TextReason:
    adapter = load(asked.request.model)
    return run_shown(adapter, asked, None, word_reasons.reason)


def _tell(found: TextReason, source: Source, hidden: int | None) -> None:
    method, tokens = viz.TEXT_METHODS[found.method], list(source.found.tokens)
    if hidden is not None:
        tokens[hidden] = source.mask
    shares = found.method == "rollout"
    of = Phrase(", for {target}", target=found.target.name)
    st.markdown(f"**{told(method.name)}**{'' if shares else plain(of)}")
    kinds, place = source.encoded.kinds, found.target.place
    st.html(shaded(tokens, kinds, found.shares, place, ".0%" if shares else ".2g"))
    st.caption(
        tr(
            "Assumes: {assumes} Misleads: {fails} Source: {source}.",
            assumes=method.assumes,
            fails=method.fails,
            source=method.source,
        )
    )
