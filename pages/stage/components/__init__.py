"""Three components: the stage of large pictures, the gallery to pick from, the copy button.

Each is the .css, .js and .html files of its name; dom.js is put before each script.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st
from heedmap.views.render import Legend, even

_HERE = Path(__file__).parent


class Place(TypedDict):
    """A region (left, top, right, bottom) of a photo, as fractions of it."""

    photo: str
    box: list[float]


class Panel(TypedDict, total=False):
    """One large picture.

    `src` is a data URL of `width` x `height` px. `values` is (rows, cols), and with `share` each
    value is also shown as a share of their sum. `box` is the region (left, top, right, bottom) that
    the model saw, as fractions of the picture; all of it by default. `place` is the region of which
    photo the picture shows, as fractions of the photo, where panels show several: pointing at one
    marks the same place of that photo in all. `says` stands in for a picture that failed.
    """

    title: str
    tag: str
    src: str
    width: int
    height: int
    alt: str
    grid: list[int]
    values: list[list[float]]
    share: bool
    box: list[float]
    place: Place
    says: str
    legend: Legend


class Item(TypedDict, total=False):
    """One picture of a gallery; `key` is what `on_pick` is called with."""

    key: str
    src: str
    alt: str
    caption: str
    note: str
    title: str


class Group(TypedDict, total=False):
    """A row of a gallery with its heading."""

    title: str
    note: str
    items: list[Item]


def stage(
    panels: Sequence[Panel],
    original: Panel | None,
    facts: Sequence[tuple[str, str]],
    *,
    key: str,
    bars: Sequence[tuple[str, float]] = (),
) -> None:
    """Show large pictures, the photo beside them, bars of shares, and facts.

    Without the photo, the pictures have the whole width, in even rows of at most four.
    """
    data = {
        "panels": list(panels),
        "original": original,
        "facts": [list(fact) for fact in facts],
        "bars": [list(bar) for bar in bars],
        "columns": None if original else even(len(panels), 4),
    }
    _component("stage", '<div class="stage"></div>')(key=key, data=data)


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
    """

    def picked() -> None:
        value = st.session_state[key].get("picked")
        if value is not None:
            on_pick(str(value))

    data = {
        "groups": list(groups), "chosen": list(chosen), "label": label, "ratio": ratio,
        "columns": columns or even(max(len(group["items"]) for group in groups), most),
        "fixed": columns is not None, "small": small,
        "badges": list(badges) if badges else None,
    }  # fmt: skip
    _component("gallery", '<div class="gallery"></div>')(
        key=key, data=data, on_picked_change=picked
    )


def copy_link() -> None:
    """Show the button that copies the URL of this view."""
    _component("copy", _read("copy.html"))(key="copy-link", width="content")


@cache
def _component(name: str, html: str) -> Any:
    """Register a component from the files that carry its name."""
    script = _read("dom.js") + _read(f"{name}.js")
    return st.components.v2.component(
        f"heedmap_{name}", html=html, css=_read(f"{name}.css"), js=script
    )


def _read(name: str) -> str:
    """Read a file of this folder."""
    return (_HERE / name).read_text(encoding="utf-8")
