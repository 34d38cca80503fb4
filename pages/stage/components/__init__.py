"""Components: the stage and what it computes maps from, galleries, the overview and the matrix to
pick from, explanations, the copy button.

Each is the .css, .js and .html files of its name; dom.js is put before each script, and what the
stage is made of before stage.js. The sentences of a script are in `say("...")`; it is sent them in
the visitor's language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from heedmap.pages.stage.components.mount import mount, read
from heedmap.pages.stage.components.sent import (
    Followed,
    Group,
    Matrix,
    Panel,
    Pin,
    Tool,
    Words,
)
from heedmap.views.data_urls import color_tables
from heedmap.views.patches import Sent
from heedmap.views.render import Look, even

_EXPLAIN = "explain"  # key of the panel
_TURN = "heedmap.turns"  # key of a stage -> how many gestures of its toolbar were heard


def stage(
    panels: Sequence[Panel],
    original: Panel | None,
    facts: Sequence[tuple[str, str]],
    tools: Sequence[Tool],
    on_ask: Callable[[dict[str, str]], None],
    *,
    key: str,
    bars: Sequence[tuple[str, float]] = (),
    verdict: str = "",
    pin: Pin | None = None,
) -> None:
    """Show maps under a toolbar, the photo beside them, bars of shares, and facts.

    Without the photo the maps have the whole width, in even rows of at most four, on a phone of
    two; more than two maps beside a photo stand in rows of two.

    Args:
        panels: the maps.
        original: the photo, or None.
        facts: labels and values.
        tools: the toolbar.
        on_ask: called with the settings {name: text} that the visitor has changed, when a gesture
            on the toolbar has ended, before the next run. The pictures show them already.
        key: of the component.
        bars: labels and shares.
        verdict: a sentence above the bars.
        pin: for maps that can be had from a patch.
    """
    st.html('<div id="map" tabindex="-1"></div>')  # the skip link of the page leads here
    many = original is None or len(panels) > 2
    shown = [*panels, *([original] if original else [])]
    pictures = list(dict.fromkeys(each["src"] for each in shown))  # each is sent once
    sent = [{**each, "picture": pictures.index(each["src"]), "src": ""} for each in shown]
    data = {
        "panels": sent[: len(panels)], "original": sent[-1] if original else None,
        "columns": even(len(panels), 2 if original else 4) if many else None,
        "narrow": 1 if original else 2,  # on a phone
        "pictures": pictures, "tables": color_tables(),
        "facts": [list(fact) for fact in facts], "bars": [list(bar) for bar in bars],
        "verdict": verdict, "tools": list(tools), "pin": pin,
    }  # fmt: skip
    _stage(key, data, on_ask)


def linked(
    panels: Sequence[Panel],
    on_ask: Callable[[dict[str, str]], None],
    *,
    key: str,
    columns: int,
    look: Look,
    pin: Pin | None,
) -> None:
    """Show more maps below the stage, in one look; both mark what is pinned or pointed at.

    Args:
        panels: the maps, in rows.
        on_ask: called with the settings of a patch that was pinned here.
        key: of the component.
        columns: pictures a row.
        look: how they are drawn.
        pin: as for `stage`.
    """
    pictures = list(dict.fromkeys(each["src"] for each in panels))
    fixed = {
        "view": look.view, "colors": look.colormap, "opacity": round(100 * look.opacity),
        "fade": look.fade, "interp": look.interpolation, "scale": "map", "follow": True,
    }  # fmt: skip
    data = {
        "panels": [{**each, "picture": pictures.index(each["src"]), "src": ""} for each in panels],
        "columns": columns, "narrow": 1, "look": fixed, "pictures": pictures,
        "tables": color_tables(), "original": None, "facts": [], "bars": [], "verdict": "",
        "tools": [], "pin": pin,
    }  # fmt: skip
    _stage(key, data, on_ask)


def _stage(key: str, data: dict[str, Any], on_ask: Callable[[dict[str, str]], None]) -> None:
    turns: dict[str, int] = st.session_state.setdefault(_TURN, {})

    def asked() -> None:
        value = st.session_state[key].get("asked")
        if value is not None:
            turns[key] = int(value["turn"])
            on_ask({str(name): str(text) for name, text in value["asked"].items()})

    mount(
        "stage", '<div class="stage"></div>', {**data, "turn": turns.get(key, 0)},
        key=key, on_asked_change=asked,
    )  # fmt: skip


def queries(layers: Sequence[Sent]) -> None:
    """Send what the stage computes the maps of single patches from."""
    mount("queries", '<span class="queries"></span>', {"layers": list(layers)}, key="queries")


def gallery(
    groups: Sequence[Group],
    chosen: Sequence[str],
    on_pick: Callable[[str], None],
    *,
    label: str,
    key: str,
    ratio: float = 1.0,
    columns: int | None = None,
    most: int = 8,
    small: bool = False,
    badges: Sequence[str] | None = None,
    live: Followed | None = None,
) -> None:
    """Show pictures to pick from.

    Args:
        groups: rows of pictures.
        chosen: the keys of the pictures that are marked.
        on_pick: called with the key of a picture that was picked, before the next run.
        label: the name of the gallery for screen readers.
        key: of the component.
        ratio: width over height of the thumbnails.
        columns: pictures a row; by default even rows of at most `most`, fewer on a phone.
        most: see `columns`.
        small: whether captions and gaps are small.
        badges: a letter for each chosen picture, shown on it.
        live: for heads of a layer, whose keys are numbers or the mean: they follow the stage.
    """

    data = {
        "groups": list(groups), "chosen": list(chosen), "label": label, "ratio": ratio,
        "columns": columns or even(max(len(group["items"]) for group in groups), most),
        "fixed": columns is not None, "small": small,
        "badges": list(badges) if badges else None, "live": live,
    }  # fmt: skip
    mount(
        "gallery", '<div class="gallery"></div>', data,
        key=key, on_picked_change=lambda: _picked(key, on_pick),
    )  # fmt: skip


def overview(
    src: str,
    layers: Sequence[str],
    columns: Sequence[str],
    heads: Sequence[int],
    chosen: str,
    on_pick: Callable[[str], None],
    *,
    label: str,
    key: str,
    ratio: float = 1.0,
) -> None:
    """Show a table of small maps to pick one from.

    Args:
        src: a data URL of all maps in rows and columns of equal tiles.
        layers: titles of the rows.
        columns: titles of the columns, that of the mean first.
        heads: how many heads each layer has; the columns behind them are left out.
        chosen: the key of the map that is marked, "LAYER,HEAD" or "LAYER,mean".
        on_pick: called with the key of a map that was picked, before the next run.
        label: the name of the table for screen readers.
        key: of the component.
        ratio: width over height of a tile.
    """
    data = {
        "src": src, "layers": list(layers), "columns": list(columns), "heads": list(heads),
        "chosen": chosen, "label": label, "ratio": ratio,
    }  # fmt: skip
    mount(
        "overview", '<div class="overview"></div>', data,
        key=key, on_picked_change=lambda: _picked(key, on_pick),
    )  # fmt: skip


def matrix(given: Matrix, on_pick: Callable[[str], None], *, label: str, key: str) -> None:
    """Show an attention matrix; pointing at it tells a pair of tokens.

    Args:
        given: its numbers and what they are.
        on_pick: called with "ROW,COLUMN" of the patch whose row was picked, before the next run.
        label: its name for screen readers.
        key: of the component.
    """
    data = {**given, "table": color_tables()["viridis"], "label": label}
    mount(
        "matrix", '<div class="matrix"></div>', data,
        key=key, on_picked_change=lambda: _picked(key, on_pick),
    )  # fmt: skip


def words(given: Words, on_pick: Callable[[str], None], *, key: str) -> None:
    """Show a text and what its words attend to, as shades, lines and a matrix.

    Args:
        given: the text, and the attention of one head.
        on_pick: called with the number of the word that was picked, "" where it was let go, before
            the next run.
        key: of the component.
    """
    colours = "RdBu_r" if given.get("signed") else "viridis"
    data = {**given, "table": color_tables()[colours]}
    mount(
        "words", '<div class="words"></div>', data,
        key=key, on_picked_change=lambda: _picked(key, on_pick),
    )  # fmt: skip


def explain(words: Sequence[tuple[str, str, str]]) -> None:
    """Show the button of a panel that explains words: term, sentences, data URL of a picture.

    The panel is open at the first visit of a browser; its pictures are drawn once it is.
    """
    data = {"words": [{"term": term, "told": told, "src": src} for term, told, src in words]}
    mount("explain", read("explain.html"), data,
          key=_EXPLAIN, width="content", on_open_change=lambda: None)  # fmt: skip


def explained() -> bool:
    """Whether that panel is open, as its browser told last."""
    return bool(st.session_state.get(_EXPLAIN, {}).get("open"))


def copy_link(
    version: str, private: bool, shared: dict[str, str], failed: bool, on_share: Callable[[], None],
    more: dict[str, str],
) -> None:  # fmt: skip
    """Show the button that copies the URL of this view, with the version that made it.

    Args:
        version: what the link names as its `v`.
        private: whether the view has photos that must be stored first: then `on_share` is called,
            before the next run, and the link is copied when that has been shown.
        shared: {text in the URL: what it is replaced by}, of photos that were stored.
        failed: whether they could not be stored.
        on_share: stores them.
        more: settings {name: text} that the browser's address has not, and the link has.
    """
    data = {
        "version": version, "private": private, "shared": shared, "failed": failed, "more": more,
    }  # fmt: skip
    mount("copy", read("copy.html"), data,
          key="copy-link", width="content", on_share_change=on_share)  # fmt: skip


def _picked(key: str, on_pick: Callable[[str], None]) -> None:
    value = st.session_state[key].get("picked")
    if value is not None:
        on_pick(str(value))
