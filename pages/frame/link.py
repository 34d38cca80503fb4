"""Every setting is in the URL: read from it, kept from page to page, and written back.

Widgets own their value in `st.session_state` under the key that `setting` returns. What
visitors write is an exception: it is in the URL only where they copy a link. Streamlit's own
`bind="query-params"` is not used: it cannot bind a custom component, it drops a wrong value
in silence, and it forgets what pages share.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlencode, urlsplit

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.frame import versions
from heedmap.private import went_through_history

T = TypeVar("T")

_STATE = "heedmap.link"
SHARED = "all"
# By page, what its visitors write: never in the browser's address, only in a copied link.
SECRET = {"words": frozenset({"text", "second"})}


@dataclass
class _Link:
    """The settings of one session."""

    page: str = ""
    pending: dict[str, str] = field(default_factory=dict)  # in the URL, not yet read
    memory: dict[str, Any] = field(default_factory=dict)  # key -> value, of all pages
    defaults: dict[str, Any] = field(default_factory=dict)  # key -> its latest default
    shown: dict[str, str] = field(default_factory=dict)  # name -> text, of this run
    waiting: set[str] = field(default_factory=set)  # names that stay pending after this run
    notices: list[str] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)  # notices for the next run
    settled: set[str] = field(default_factory=set)  # keys set in the state on this page
    version: str = ""  # that the URL names


def begin(page: str) -> None:
    """Start a run of `page`: read the URL where it is new to the session."""
    link = _link()
    new = not link.page or went_through_history()
    if link.page and link.page != page:
        link.settled.clear()
        link.pending = dict(st.query_params)  # of a link to a view of this page
    link.page, link.shown = page, {}
    link.notices, link.carried = link.carried, []
    link.waiting.clear()
    if new:
        link.pending = {name: st.query_params[name] for name in st.query_params}
        _forget(link, page)
    link.version = link.pending.pop(versions.NAME, "")


def setting(
    name: str,
    default: T,
    read: Callable[[str], T],
    *,
    write: Callable[[T], str] = str,
    fits: Callable[[T], bool] = lambda _: True,
    shared: bool = False,
    why: str = "",
    kept: bool = False,
) -> str:
    """The key of the widget that holds a setting; its value is in the session state already.

    The value of the URL comes first, then what the visitor has chosen, then the default. A value
    that does not fit (another model has fewer layers) becomes the default, with a notice where the
    URL asked for it. A setting left at its default follows the default.

    Args:
        name: of the setting in the URL.
        default: its value where nothing is asked for; left out of the URL.
        read: from the text in the URL to a value; raises ValueError for invalid text.
        write: from a value to the text in the URL.
        fits: whether a value is available here.
        shared: whether the setting is kept from page to page.
        why: the notice for a value that does not fit; a general one by default.
        kept: whether the value stays, and stays in the URL, also at its default; see `together`.
    """
    link, key = _link(), f"{SHARED if shared else _link().page}.{name}"
    asked = link.pending.pop(name, None)
    if asked is not None:
        value, why = _read(asked, read, fits), why or _unavailable(name, asked)
    else:
        value = _chosen(key, default, fits, kept)
    if value is None:
        value = default
        if why:
            notice(why)
    # Streamlit forgets widgets when the page changes, but only after they were asked for again.
    if key not in link.settled or st.session_state.get(key) != value:
        st.session_state[key] = value
        link.settled.add(key)
    link.memory[key], link.defaults[key] = value, default
    link.shown[name] = "" if value == default and not kept else write(value)
    return key


def ask(settings: dict[str, str]) -> None:
    """Ask for settings by name and text, as a URL does; for a callback."""
    _link().pending.update(settings)


def key_of(name: str) -> str:
    """The key of a setting of this page, for a callback that changes it."""
    return f"{_link().page}.{name}"


def move(old: str, new: str) -> None:
    """Give each setting of this page named `new...` the value of the one named `old...`."""
    link = _link()
    before, after = f"{link.page}.{old}", f"{link.page}.{new}"
    for key in [key for key in link.memory if key.startswith(after)]:
        link.memory.pop(key)
        link.defaults.pop(key, None)
        st.session_state.pop(key, None)
    for key in [key for key in link.memory if key.startswith(before)]:
        moved = after + key.removeprefix(before)
        link.memory[moved] = st.session_state[moved] = st.session_state.get(key, link.memory[key])


def texts() -> list[str]:
    """Every text that a setting of this page or a shared one has or is asked to have."""
    link = _link()
    own = [key for key in link.memory if key.startswith((f"{SHARED}.", f"{link.page}."))]
    values = [st.session_state.get(key, link.memory[key]) for key in own]
    return [*link.pending.values(), *(value for value in values if isinstance(value, str))]


def replace(old: str, new: str) -> None:
    """Give each setting whose text is `old` the text `new`; for a callback."""
    link = _link()
    link.pending = {name: new if text == old else text for name, text in link.pending.items()}
    for key, value in link.memory.items():
        if st.session_state.get(key, value) == old:
            link.memory[key] = st.session_state[key] = new


def unread(prefix: str) -> list[str]:
    """The names that start so, are in the URL, and were neither asked for yet nor wait."""
    link = _link()
    return [name for name in link.pending if name.startswith(prefix) and name not in link.waiting]


def wait(prefix: str) -> None:
    """Leave what is `unread` in the URL, for a later run to ask for."""
    _link().waiting.update(unread(prefix))


def together(**texts: str) -> bool:
    """Whether any of some settings that belong together is chosen: by the URL or on the page.

    Where the URL names some of them, those that it leaves out are read from these texts. If they
    are chosen, each is `kept`, or a new default of one would part it from the others.
    """
    link = _link()
    if any(name in link.pending for name in texts):
        link.pending = {**texts, **link.pending}
        return True
    keys = [f"{link.page}.{name}" for name in texts]
    values = {key: st.session_state.get(key, link.memory.get(key)) for key in keys}
    return any(value not in (None, link.defaults.get(key)) for key, value in values.items())


def only(name: str, text: str) -> None:
    """A setting that has one value here: a URL that asks for another gets a notice."""
    asked = _link().pending.pop(name, text)
    if asked != text:
        notice(_unavailable(name, asked))


def choice(
    name: str, options: Collection[str], default: str, *, shared: bool = False, kept: bool = False
) -> str:
    """The key of a setting that is one of `options`."""
    return setting(
        name, default, str, fits=lambda value: value in options, shared=shared, kept=kept
    )


def whole(
    name: str, low: int, high: int, default: int, *, shared: bool = False, kept: bool = False
) -> str:
    """The key of a whole number from `low` to `high`."""
    return setting(
        name, default, int, fits=lambda value: low <= value <= high, shared=shared, kept=kept
    )


def switch(name: str, default: bool = False, *, shared: bool = False) -> str:
    """The key of an on/off setting, written as 1 or 0."""
    return setting(name, default, _read_switch, write=lambda on: str(int(on)), shared=shared)


def finish() -> None:
    """Write the settings of this run into the URL; defaults are left out."""
    link = _link()
    link.pending = {name: text for name, text in link.pending.items() if name in link.waiting}
    secret = SECRET.get(link.page, frozenset())
    shown = {name: text for name, text in link.shown.items() if text and name not in secret}
    shown |= link.pending
    if shown != st.query_params.to_dict():
        st.query_params.from_dict(shown)


def secrets() -> dict[str, str]:
    """What a copied link has besides the browser's address: the texts of this page, as they are now
    or as the address asks for them.
    """
    link, found = _link(), {}
    for name in sorted(SECRET.get(link.page, ())):
        key = f"{link.page}.{name}"
        value = link.pending.get(name) or st.session_state.get(key, link.memory.get(key))
        if value and value != link.defaults.get(key):
            found[name] = str(value)
    return found


def address() -> str:
    """The address of this view; without a browser only its settings."""
    page = urlsplit(st.context.url or "")
    shown = {name: text for name, text in _link().shown.items() if text}
    query = urlencode({**shown, versions.NAME: versions.ours()})
    return page._replace(path=page.path or "/", query=query).geturl()


def shared_query() -> dict[str, str]:
    """The shared settings that are not at their default, for a link to another page."""
    link = _link()
    values = {key: st.session_state.get(key, value) for key, value in link.memory.items()}
    return {
        key.removeprefix(f"{SHARED}."): str(int(value) if isinstance(value, bool) else value)
        for key, value in values.items()
        if key.startswith(f"{SHARED}.") and value is not None and value != link.defaults.get(key)
    }


def notice(sentence: str) -> None:
    """Show a sentence at the top of the page, in this run."""
    notices = _link().notices
    if sentence not in notices:
        notices.append(sentence)


def again() -> NoReturn:
    """Run the page anew, with the notices of this run."""
    _link().carried = notices()
    st.rerun()


def notices() -> list[str]:
    """The notices of this run."""
    link = _link()
    unread = [name for name in link.pending if name not in link.waiting]
    of_version = versions.said(link.version, bool(link.notices), unread)
    return [*link.notices, *([of_version] if of_version else [])]


def _link() -> _Link:
    """The link of this session."""
    if _STATE not in st.session_state:
        st.session_state[_STATE] = _Link()
    link: _Link = st.session_state[_STATE]
    return link


def _read(text: str, read: Callable[[str], T], fits: Callable[[T], bool]) -> T | None:
    """What the URL asks for; None where it is invalid or does not fit."""
    try:
        value = read(text)
    except (ValueError, TypeError):
        return None
    return value if fits(value) else None


def _chosen(key: str, default: T, fits: Callable[[T], bool], kept: bool) -> T | None:
    """What the visitor has chosen, else the default; None where the choice does not fit here."""
    link = _link()
    value: T | None = st.session_state.get(key, link.memory.get(key))
    if value is None or (not kept and key in link.defaults and value == link.defaults[key]):
        return default
    return value if fits(value) else None


def _forget(link: _Link, page: str) -> None:
    """Drop the settings of the page and the shared ones, so that the URL alone decides."""
    kept = {f"{page}.{name}" for name in SECRET.get(page, frozenset()) - set(link.pending)}
    for key in list(link.memory):
        if key.startswith((f"{SHARED}.", f"{page}.")) and key not in kept:
            del link.memory[key]
            st.session_state.pop(key, None)


def _read_switch(text: str) -> bool:
    """1 or 0 as a value."""
    if text not in ("0", "1"):
        raise ValueError(text)
    return text == "1"


def _unavailable(name: str, asked: str) -> str:
    """The sentence on a setting that the URL asks for in vain."""
    text = asked if len(asked) <= 40 else f"{asked[:40]}…"
    return Phrase(
        "The link asks for {name} = “{text}”, which is not available here: the default is shown.",
        name=name,
        text=text,
    )
