"""A view is its URL: settings are read from the link, kept across pages, and written back.

Widgets own their value in `st.session_state` under the key that `setting` returns. Streamlit's
own `bind="query-params"` is not used: it cannot bind a custom component, it drops a wrong value
in silence, and it forgets what the next page shares.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

T = TypeVar("T")

_STATE = "heedmap.link"
SHARED = "all"


@dataclass
class _Link:
    """What one session knows of its link."""

    page: str = ""
    pending: dict[str, str] = field(default_factory=dict)  # came with the link, not yet read
    memory: dict[str, Any] = field(default_factory=dict)  # key -> value, on every page
    defaults: dict[str, Any] = field(default_factory=dict)  # key -> the default of that time
    shown: dict[str, str] = field(default_factory=dict)  # name -> text, of this run
    notices: list[str] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)  # keys that the state holds on this page


def begin(page: str) -> None:
    """Start a run of `page`: take over the link's values where the link is new to the session."""
    link = _link()
    new = not link.page or _went_through_history()
    if link.page != page:
        link.settled.clear()
    link.page, link.shown, link.notices = page, {}, []
    if new:
        link.pending = {name: st.query_params[name] for name in st.query_params}
        _forget(link, page)


def setting(
    name: str,
    default: T,
    read: Callable[[str], T],
    *,
    write: Callable[[T], str] = str,
    fits: Callable[[T], bool] = lambda _: True,
    shared: bool = False,
    why: str = "",
) -> str:
    """Give the key of the widget that holds `name`, with a fitting value already in the state.

    A value that the link brings wins, then what the person has chosen, then `default`. What does
    not fit (another model has fewer layers) becomes the default; where the link asked for it, a
    notice says so (`why`, where it is given). A setting left at its default follows the default.
    `shared` settings are kept from page to page. `read` raises ValueError for a text
    that is no value.
    """
    link, key = _link(), f"{SHARED if shared else _link().page}.{name}"
    asked = link.pending.pop(name, None)
    if asked is not None:
        value, wrong = _read(asked, read, fits), f"{name} = “{_short(asked)}”"
    else:
        value, wrong = st.session_state.get(key, link.memory.get(key)), ""
        if key in link.defaults and value == link.defaults[key]:
            value = default
        elif value is not None and not fits(value):
            value, wrong = None, why
    if value is None:
        value = default
        if wrong:
            notice(why or f"The link asks for {wrong}, which cannot be had here: see the default.")
    # Streamlit forgets widgets when the page changes, but only after they were asked for again.
    if key not in link.settled or st.session_state.get(key) != value:
        st.session_state[key] = value
        link.settled.add(key)
    link.memory[key], link.defaults[key] = value, default
    link.shown[name] = "" if value == default else write(value)
    return key


def choice(name: str, options: Collection[str], default: str, *, shared: bool = False) -> str:
    """Give the key of a setting that is one of `options`."""
    return setting(name, default, str, fits=lambda value: value in options, shared=shared)


def whole(name: str, low: int, high: int, default: int, *, shared: bool = False) -> str:
    """Give the key of a whole number from `low` to `high`."""
    return setting(name, default, int, fits=lambda value: low <= value <= high, shared=shared)


def switch(name: str, default: bool = False, *, shared: bool = False) -> str:
    """Give the key of an on/off setting, written as 1 or 0."""
    return setting(name, default, _read_switch, write=lambda on: str(int(on)), shared=shared)


def finish() -> None:
    """Write the settings of this run into the address bar; defaults are left out."""
    link = _link()
    link.pending.clear()
    shown = {name: text for name, text in link.shown.items() if text}
    if shown != st.query_params.to_dict():
        st.query_params.from_dict(shown)


def shared_query() -> dict[str, str]:
    """Give the shared settings that are not at their default, for a link to another page."""
    link = _link()
    values = {key: st.session_state.get(key, value) for key, value in link.memory.items()}
    return {
        key.removeprefix(f"{SHARED}."): str(int(value) if isinstance(value, bool) else value)
        for key, value in values.items()
        if key.startswith(f"{SHARED}.") and value is not None and value != link.defaults.get(key)
    }


def notice(sentence: str) -> None:
    """Say `sentence` at the top of the page, in this run."""
    notices = _link().notices
    if sentence not in notices:
        notices.append(sentence)


def notices() -> list[str]:
    """Give what `notice` was told in this run."""
    return list(_link().notices)


def _link() -> _Link:
    """Give the session's own record."""
    if _STATE not in st.session_state:
        st.session_state[_STATE] = _Link()
    link: _Link = st.session_state[_STATE]
    return link


def _read(text: str, read: Callable[[str], T], fits: Callable[[T], bool]) -> T | None:
    """Read what the link asks for; None where it is no value or does not fit."""
    try:
        value = read(text)
    except (ValueError, TypeError):
        return None
    return value if fits(value) else None


def _forget(link: _Link, page: str) -> None:
    """Drop what the page and all pages share, so that the link alone decides."""
    for key in list(link.memory):
        if key.startswith((f"{SHARED}.", f"{page}.")):
            del link.memory[key]
            st.session_state.pop(key, None)


def _went_through_history() -> bool:
    """Tell whether the browser's back or forward button caused this run."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(getattr(context, "is_history_navigation", False))


def _read_switch(text: str) -> bool:
    """Read 1 or 0."""
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _short(text: str) -> str:
    """Keep a foreign text from filling the page."""
    return text if len(text) <= 40 else f"{text[:40]}…"
