"""The dialog that exports: a figure for a paper, the values of its maps, all as ZIP, a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.frame import head
from heedmap.pages.frame.notices import sentence
from heedmap.pages.frame.text import plain
from heedmap.pages.language import named, told, tr
from heedmap.pages.take import film, report
from heedmap.views import data_urls
from heedmap.views.figure import Figure
from heedmap.views.paper import FORMATS, LAID_OUT, Paper, Taken

_PAPER = "heedmap.paper"  # how this session lays its figures out
_MOST = 12  # letters that are named
_NARROW, _WIDE = 40, 400  # mm
OF_PHOTOS = Phrase(
    "Makes the same pixels in your own Python, where Heedmap is installed. "
    "A photo of your own is opened by the name of its file."
)
OF_TEXTS = Phrase(
    "Makes the same figure in your own Python, where Heedmap is installed. Files and "
    "program hold your text, their names do not."
)


def offer(*taken: Taken) -> None:
    """Show the button of the dialog in the head of the page."""
    with head.take():
        if st.button(tr("Export"), key="export", icon=":material/download:"):
            st.dialog(tr("Export"), width="large")(_export)(taken)


def _export(every: Sequence[Taken]) -> None:
    taken = _pick(every)
    photo = isinstance(taken, Figure)
    tabs = st.tabs(
        [tr("Figure and values"), "Python", *([tr("Report"), tr("Film")] if photo else [])]
    )
    with tabs[0]:
        paper = _files(taken)
    with tabs[1]:
        st.caption(told(OF_PHOTOS if photo else OF_TEXTS))
        st.code(taken.python(paper), language="python", wrap_lines=True)
    if isinstance(taken, Figure):
        first = taken.pictures[0]
        with tabs[2]:
            report.show(first.shown.request, first.look)
        with tabs[3]:
            film.show(first.shown, first.look)


def _pick(every: Sequence[Taken]) -> Taken:
    """What to export: the large pictures or all heads, layers or channels; a text or its matrix."""
    if len(every) == 1:
        return every[0]
    labels = [told(each.label) for each in every]
    chosen = st.segmented_control(
        tr("What"), labels, default=labels[0], required=True, key="take.what"
    )
    return every[labels.index(str(chosen))]


def _files(taken: Taken) -> Paper:
    """Offer it as a file; returns how it is laid out."""
    controls, shown = st.columns([2, 3], gap="medium")
    with controls:
        kind = str(
            st.selectbox(tr("As"), taken.kinds, format_func=named(lambda kind: FORMATS[kind].words))
        )
        paper = _pick_paper(taken, kind) if kind in LAID_OUT else _last()
    with shown:
        ready = _preview(taken, paper) if kind in LAID_OUT else _say(taken, kind)
    words, extension, mime = FORMATS[kind]
    with controls:
        st.download_button(
            tr("Download"), lambda: taken.make(kind, paper), f"{taken.name}.{extension}", mime,
            key="take.download", on_click="ignore", type="primary", width="stretch",
            icon=":material/download:", disabled=not ready, help=told(words),
        )  # fmt: skip
    return paper


def _last() -> Paper:
    """The layout that the visitor chose last."""
    paper: Paper = st.session_state.get(_PAPER, Paper())
    return paper


def _pick_paper(taken: Taken, kind: str) -> Paper:
    """Let the visitor lay the figure out; what they chose last comes first."""
    last, photo = _last(), isinstance(taken, Figure)
    width = st.number_input(
        tr("Width, mm"), _NARROW, _WIDE, int(last.width), step=5,
        help=tr("85 is one column of a journal, 180 both."),
    )  # fmt: skip
    dpi = last.dpi
    if kind == "png":
        dpi = int(st.number_input(tr("Pixels an inch (dpi)"), 72, 600, last.dpi, step=50))
    columns = _pick_columns(taken, width) if isinstance(taken, Figure) else last.columns
    paper = replace(
        last,
        width=float(width),
        dpi=dpi,
        columns=columns,
        photo=st.toggle(tr("The photo first"), last.photo) if photo else last.photo,
        title=st.toggle(tr("Title"), last.title),
        bar=st.toggle(tr("Colour bars with numbers"), last.bar),
        told=st.toggle(tr("Model and settings below"), last.told),
        transparent=st.toggle(tr("Transparent ground"), last.transparent),
    )
    st.session_state[_PAPER] = paper
    return paper


def _pick_columns(figure: Figure, width: float) -> int:
    """How many pictures are in a row, at first as fits the width; rows with names have theirs."""
    count = len(figure.pictures)
    if figure.rows or count == 1:
        return 0
    fitting = figure.fitting(width)
    key = f"take.columns {figure.label} {fitting}"
    return int(st.number_input(tr("Pictures a row"), 1, min(count, 12), fitting, key=key))


def _preview(taken: Taken, paper: Paper) -> bool:
    """Show the figure as it will be; whether it can be made."""
    try:
        made, missing = taken.preview(paper)
    except Exception as error:
        st.error(plain(sentence(error)), icon=":material/error:")
        return False
    st.image(data_urls.of_png(made), width="stretch")  # a file might be gone when it is asked for
    if missing:
        st.caption(
            tr(
                "No font on this server holds {letters}: the figure has � there.",
                letters=" ".join(missing[:_MOST]) + (" …" if len(missing) > _MOST else ""),
            )
        )
    return True


def _say(taken: Taken, kind: str) -> bool:
    """Say what a file without a layout holds."""
    st.caption(told(taken.holds(kind)))
    return True
