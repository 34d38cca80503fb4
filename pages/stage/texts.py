"""Maps of texts on the stage, how well each text fits beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st
from heedmap import viz
from heedmap.languages import Phrase, number
from heedmap.pages.language import told, tr
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.components.sent import Panel, Tool
from heedmap.pages.stage.panels import panel, photo_of
from heedmap.pages.stage.reasons import absent
from heedmap.views import facts
from heedmap.views.reasons import Waiting
from heedmap.views.render import Look
from heedmap.views.texts import WORDS, Source, WordMap

SCALES = (WORDS, "map")


def show_texts(
    source: Source,
    shown: Sequence[WordMap | Waiting],
    look: Look,
    tools: Sequence[Tool],
    on_ask: Callable[[dict[str, str]], None],
) -> None:
    """Show a map of each text under a toolbar, the photo and how well the texts fit beside them."""
    stage(
        [_panel(source, i, each, look) for i, each in enumerate(shown)],
        photo_of(source.request, source.seen, source.seen.grid),
        facts.reasons(source),
        tools,
        on_ask,
        key="stage",
        bars=source.shares,
        verdict=Phrase("How well they fit, beside “{neutral}”:", neutral=source.neutral),
    )


def _panel(source: Source, index: int, shown: WordMap | Waiting, look: Look) -> Panel:
    if isinstance(shown, Waiting):
        return absent(source.texts[index], shown.says, source.seen)
    return panel(shown, look, SCALES, tag=shown.score)


def show_prompts(found: Sequence[viz.Prompt | Waiting]) -> None:
    """Texts whose words are shaded by how much each counted, the greatest of a text in full."""
    st.html(f'<div class="prompts">{"".join(map(_prompt, found))}</div>')


def _prompt(found: viz.Prompt | Waiting) -> str:
    if isinstance(found, Waiting):
        return f"<p>“{escape(str(found.asked.target))}”: {escape(told(found.says))}</p>"
    most = float(found.relevance.max()) or 1.0
    shades = zip(found.words, map(float, found.relevance), strict=True)
    words = " ".join(_shaded(word, value, value / most) for word, value in shades)
    cosine = tr("cosine {cosine}", cosine=number(found.cosine, ".3f"))
    return f"<p>{words} <small>{cosine}</small></p>"


def _shaded(word: str, value: float, share: float) -> str:
    hint = tr("relevance {value:.3g}", value=value)
    return f'<span class="more s{round(10 * share)}" title="{hint}">{escape(word)}</span>'
