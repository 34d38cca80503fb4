"""The controls of columns that are compared: how many, what each shows, which pair is told apart.

Each column's settings have names of their own in the link: `a.model`, `a.layer`, `b.model`, ...
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import streamlit as st
from heedmap import models
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.frame.head import links
from heedmap.pages.frame.text import plain
from heedmap.pages.language import named, tr
from heedmap.views.attention import Map
from heedmap.views.channels import Channel
from heedmap.views.compare import Shown
from heedmap.views.pairs import Pair
from heedmap.views.render import Look
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from streamlit.delta_generator import DeltaGenerator

# The letter of each column, and the model that it opens with.
COLUMNS = {"a": "bundled-vit", "b": "bundled-clip", "c": "bundled-vit-reg", "d": "bundled-cnn"}
SHOWS = {"attention": Phrase("Attention"), "channel": Phrase("Channel")}
_FEWEST = 2


def pick_letters() -> list[str]:
    """The letters of the columns that are shown; the visitor adds and removes some."""
    key = link.whole("columns", _FEWEST, len(COLUMNS), _FEWEST)
    return list(COLUMNS)[: st.session_state[key]]


def add_button(letters: Sequence[str]) -> None:
    """Let the visitor add a column while there is room."""
    st.button(
        tr("Add a column"), on_click=_set_count, args=(len(letters) + 1,), icon=":material/add:",
        disabled=len(letters) == len(COLUMNS), width="stretch",
    )  # fmt: skip


def remove_button(letter: str, letters: Sequence[str]) -> None:
    """Let the visitor remove a column; those after it move up."""
    if len(letters) > _FEWEST:
        st.button(
            tr("Remove this column"),
            key=f"remove {letter}",
            on_click=_remove,
            args=(letter, letters),
            icon=":material/close:",
        )


def expander(letter: str) -> DeltaGenerator:
    """The place for the controls of a column, closed at first, with its model in its name."""
    default = COLUMNS[letter]
    key = link.setting(f"{letter}.model", default, str, fits=lambda id: bool(id.strip()))
    id = st.session_state[key]
    titles = {entry.id: entry.title for entry in models.records(frozenset())}
    name = f"**{letter.upper()}** · {plain(titles.get(id, id))}"
    return st.sidebar.expander(name, key=f"column {letter}")


def pick_show(adapter: Adapter, letter: str) -> str:
    """Let the visitor choose attention or a channel, where the model has both."""
    has = {"attention": bool(adapter.kinds), "channel": "convolutions" in adapter.can}
    options = [show for show in SHOWS if has[show]]
    key = link.choice(f"{letter}.show", options, options[0])
    if len(options) == 1:
        return options[0]
    return str(
        st.segmented_control(
            tr("Show"), options, key=key, format_func=named(SHOWS), required=True, width="stretch"
        )
    )


def pick_pair(pairs: Sequence[Pair]) -> Pair | None:
    """Let the visitor choose the pair whose difference is shown: of one photo, the first at first.

    None where no two columns show the same photo.
    """
    by_key = {pair.key: pair for pair in pairs if pair.one_photo}
    if not by_key:
        return None
    key = link.choice("pair", by_key, next(iter(by_key)))
    if len(by_key) == 1:
        return by_key[st.session_state[key]]
    chosen = st.selectbox(
        tr("Difference"), by_key, key=key,
        format_func=lambda key: f"{key[0].upper()} − {key[1].upper()}",
    )  # fmt: skip
    return by_key[chosen]


def offer_comparison(look: Look, *shown: Shown | Request) -> None:
    """Show a link that carries maps to the page Compare, as its first columns.

    Of other maps than attention and channels, it carries their photo and their model.
    """
    query = link.shared_query()
    query |= {"view": look.view, "keep": f"{look.keep:.0%}"[:-1], "interp": look.interpolation}
    for letter, each in zip(COLUMNS, shown, strict=False):
        query |= {f"{letter}.{name}": text for name, text in _settings(each).items()}
    query["hide"] = str(int(any(isinstance(each, Map) and each.hide for each in shown)))
    links().page_link(
        "pages/compare.py",
        label=tr("Compare with …"),
        icon=":material/compare:",
        query_params=query,
    )


def say_unread() -> None:
    """Name what the link asks for of columns that are not shown or have no such setting."""
    if names := [name for letter in COLUMNS for name in link.unread(f"{letter}.")]:
        link.notice(
            Phrase("The link asks for {names}, which is not in this view.", names=", ".join(names))
        )


def _settings(shown: Shown | Request) -> dict[str, str]:
    """All settings of a column that shows a map, defaults too, which the page may have left."""
    request = shown if isinstance(shown, Request) else shown.request
    sight = {
        "photo": request.photo, "model": request.model, "size": str(request.size),
        "fit": request.fit,
    }  # fmt: skip
    if isinstance(shown, Request):
        return sight
    if isinstance(shown, Channel):
        after = shown.source.activations.after
        own = {"show": "channel", "conv": shown.layer, "after": after, "channel": str(shown.index)}
        return sight | own
    kind, layer, patch = shown.source.kind, str(shown.layer), shown.source.patch
    own = {"show": "attention", "kind": kind, "layer": layer, "head": shown.head}
    return sight | own | ({"patch": f"{patch[0]},{patch[1]}"} if patch else {})


def _set_count(count: int) -> None:
    st.session_state[link.key_of("columns")] = count


def _remove(letter: str, letters: Sequence[str]) -> None:
    after = letters[letters.index(letter) :]
    for here, there in pairwise(after):
        link.move(f"{there}.", f"{here}.")
    _set_count(len(letters) - 1)
