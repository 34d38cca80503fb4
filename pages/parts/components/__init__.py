"""Three components: the stage of large pictures, the gallery to pick from, the copy button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

_HERE = Path(__file__).parent


class Legend(TypedDict, total=False):
    """What stands under a picture: `colors` from low to high (CSS), the two numbers, and words."""

    colors: list[str]
    low: str
    high: str
    what: str


class Panel(TypedDict, total=False):
    """One large picture.

    `src` is a data URL of `width` x `height` px. `values` is (rows, cols), and with `share` each
    value is also told as a part of their sum. `box` is the region (left, top, right, bottom) that
    the model saw, as fractions of the picture; without it, all of it.
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
    legend: Legend


class Item(TypedDict, total=False):
    """One picture of a gallery; `key` is what picking it gives."""

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
    original: Panel,
    facts: Sequence[tuple[str, str]],
    *,
    key: str,
    bars: Sequence[tuple[str, float]] = (),
) -> None:
    """Show one or two large pictures, the photo beside them, bars of shares, and facts."""
    data = {
        "panels": list(panels),
        "original": original,
        "facts": [list(fact) for fact in facts],
        "bars": [list(bar) for bar in bars],
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

    `on_pick` hears the key of the picture before the next run. `ratio` is width over height of the
    thumbnails; they stand in `columns`, or in even rows of at most `most`, fewer on a phone. With
    `badges`, one letter a chosen picture is shown on it.
    """

    def picked() -> None:
        value = st.session_state[key].get("picked")
        if value is not None:
            on_pick(str(value))

    data = {
        "groups": list(groups), "chosen": list(chosen), "label": label, "ratio": ratio,
        "columns": columns or _even(max(len(group["items"]) for group in groups), most),
        "fixed": columns is not None, "small": small,
        "badges": list(badges) if badges else None,
    }  # fmt: skip
    _component("gallery", '<div class="gallery"></div>')(
        key=key, data=data, on_picked_change=picked
    )


def copy_link() -> None:
    """Show the button that copies the address of this view."""
    _component("copy", _read("copy.html"))(key="copy-link", width="content")


def _even(count: int, most: int) -> int:
    """Give the columns that fill rows evenly: of at most 8, 7 -> 7, 13 -> 7 and 6, 17 -> 6."""
    rows = -(-count // most)
    return -(-count // max(1, rows))


@cache
def _component(name: str, html: str) -> Any:
    """Register a component from the files that carry its name."""
    return st.components.v2.component(
        f"heedmap_{name}", html=html, css=_read(f"{name}.css"), js=_read(f"{name}.js")
    )


def _read(name: str) -> str:
    """Read a file of this folder."""
    return (_HERE / name).read_text(encoding="utf-8")
