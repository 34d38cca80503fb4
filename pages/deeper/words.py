"""Below the words: all layers and heads, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.deeper import charts, word_reasons
from heedmap.pages.frame import link
from heedmap.pages.frame.text import heading, plain
from heedmap.pages.language import named, told, tr
from heedmap.pages.stage import components
from heedmap.views import attention, words
from heedmap.views.attention import MEAN
from heedmap.views.words import COLUMNS, WordMap

if TYPE_CHECKING:
    from heedmap.viz import Guess

SECTIONS = {
    "overview": Phrase("All layers and heads"), "numbers": Phrase("Numbers of heads"),
    "why": Phrase("What counted"),
}  # fmt: skip
TILE, WIDEST = 96, 1200  # px, of a small matrix and of all beside each other
EVENLY = Phrase("attention to all tokens alike")
PLOTTED = ("distance", "entropy")


def settings() -> tuple[str, word_reasons.Keys]:
    """The keys of the section that is open, and of what is in it. To be called before
    `link.finish`."""
    return link.choice("deeper", SECTIONS, "overview"), word_reasons.settings()


def tell(hero: WordMap) -> None:
    """Say what the shown head does, and its numbers."""
    st.markdown(f"**{plain(hero.title)}** · {plain(hero.told)}")
    numbers = [(label, value) for label, value in hero.facts if label not in ("Layer", "Head")]
    st.caption(
        " · ".join(
            plain(Phrase("{label}: {value}", label=label, value=value)) for label, value in numbers
        )
    )
    if not hero.whole:
        st.caption(
            tr(
                "A text of {tokens} tokens is too long for whole matrices: each cell of these is "
                "the mean over about {group} neighbouring tokens. The shades are exact.",
                tokens=len(hero.source.found.tokens),
                group=round(len(hero.source.found.tokens) / len(hero.small)),
            )
        )


def show(
    keys: tuple[str, word_reasons.Keys], hero: WordMap, at: int | None, guesses: Sequence[Guess]
) -> None:
    """Let the visitor open a section, and show it."""
    heading(tr("Look deeper"), tr("All heads of the model on this text."))
    name = st.pills(
        tr("Look deeper"), SECTIONS, key=keys[0], format_func=named(SECTIONS),
        label_visibility="collapsed",
    )  # fmt: skip
    if name == "overview":
        _overview(hero)
    elif name == "numbers":
        _numbers(hero)
    elif name == "why":
        word_reasons.show(keys[1], hero, at, guesses)


def _overview(hero: WordMap) -> None:
    made = words.sprite(hero.source, "viridis")
    heads = [attention.head_caption(MEAN), *map(str, range(made.columns - 1))]
    with st.container(width=min(WIDEST, TILE * (1 + made.columns))):
        components.overview(
            made.src,
            [str(layer) for layer in range(hero.source.found.depth)],
            heads,
            made.heads,
            f"{hero.layer},{hero.head}",
            partial(_choose, link.key_of("layer"), link.key_of("head")),
            label=tr("All layers and heads"),
            key="overview",
        )
    st.caption(
        tr(
            "Layers down, heads across. Each small matrix has queries down and keys across, on a "
            "colour scale of its own."
        )
    )


def _numbers(hero: WordMap) -> None:
    every = words.rows(hero.source)
    for place, name in zip(st.columns(len(PLOTTED)), PLOTTED, strict=True):
        marked = [{**row, "shown": _is_shown(row, hero)} for row in every]
        with place:
            heading(told(COLUMNS[name]))
            st.altair_chart(
                charts.over_depth(marked, name, told(COLUMNS[name]), hero.uniform(name), EVENLY),
                key=f"plot {name}", height=280, on_select=partial(pick_dot, f"plot {name}"),
                selection_mode=charts.PICKED,
            )  # fmt: skip
    heading(tr("All heads"), tr("Shares of the attention, mean over all words."))
    st.dataframe(
        [{tr("Layer"): row["layer"], tr("Head"): row["head"], **_named(row)} for row in every],
        hide_index=True, height=260, key="numbers table",
        column_config={
            name: st.column_config.NumberColumn(format="%.1f" if key == "distance" else "%.3f")
            for key, name in told(COLUMNS).items()
        },
    )  # fmt: skip
    st.caption(
        tr(
            "The lines are attention to all tokens alike that a word may attend to, in this "
            "layer. Many heads leave their attention at the first token, [CLS], [SEP] or "
            "punctuation: these are sinks, of heads that find nothing to read."
        )
    )
    st.download_button(
        tr("All numbers (CSV)"),
        words.csv_of(hero.source),
        "word-attention-numbers.csv",
        "text/csv",
        key="get numbers",
        on_click="ignore",
        icon=":material/download:",
    )


def _named(row: dict[str, float]) -> dict[str, float]:
    return {told(name): row[key] for key, name in COLUMNS.items() if key in row}


def _is_shown(row: dict[str, float], hero: WordMap) -> bool:
    return row["layer"] == hero.layer and hero.head in (MEAN, str(row["head"]))


def pick_dot(key: str) -> None:
    """Show the head whose dot was picked in a chart; for a callback."""
    picked: list[dict[str, Any]] = st.session_state[key].selection.get(charts.PICKED, [])
    if picked:
        keys = link.key_of("layer"), link.key_of("head")
        _choose(*keys, f"{picked[0]['layer']},{picked[0]['head']}")


def _choose(layer_key: str, head_key: str, picked: str) -> None:
    layer, _, head = picked.partition(",")
    st.session_state[layer_key] = int(layer)
    st.session_state[head_key] = head
