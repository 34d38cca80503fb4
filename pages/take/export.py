"""The dialog that exports: a figure for a paper, the values of its maps, all as ZIP, a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from heedmap.pages.frame import head
from heedmap.pages.frame.notices import sentence
from heedmap.pages.frame.text import plain
from heedmap.pages.take import film, report
from heedmap.views.figure import FIGURES, FORMATS, Figure, Paper

_PAPER = "heedmap.paper"  # how this session lays its figures out
_PREVIEW = 110  # dpi
_NARROW, _WIDE = 40, 400  # mm


def offer(*figures: Figure) -> None:
    """Show the button of the dialog in the head of the page."""
    with head.take():
        if st.button("Export", key="export", icon=":material/download:"):
            _export(figures)


@st.dialog("Export", width="large")
def _export(figures: Sequence[Figure]) -> None:
    figure = _pick_figure(figures)
    files, program, several, moving = st.tabs(["Figure and values", "Python", "Report", "Film"])
    with files:
        _files(figure)
    with program:
        st.caption(
            "Makes the same pixels in your own Python, where Heedmap is installed. "
            "A photo of your own is opened by the name of its file."
        )
        st.code(figure.python(), language="python", wrap_lines=True)
    with several:
        first = figure.pictures[0]
        report.show(first.shown.request, first.look)
    with moving:
        film.show(first.shown, first.look)


def _pick_figure(figures: Sequence[Figure]) -> Figure:
    """What to export: the large pictures, or all heads, layers or channels."""
    if len(figures) == 1:
        return figures[0]
    labels = [each.label for each in figures]
    chosen = st.segmented_control("What", labels, default=labels[0], required=True, key="take.what")
    return figures[labels.index(str(chosen))]


def _files(figure: Figure) -> None:
    controls, shown = st.columns([2, 3], gap="medium")
    with controls:
        kind = str(st.selectbox("As", FORMATS, format_func=lambda kind: FORMATS[kind][0]))
        paper = _pick_paper(figure, kind) if kind in FIGURES else Paper()
    words, make, extension, mime = FORMATS[kind]
    with shown:
        ready = _preview(figure, paper) if kind in FIGURES else _told(figure, kind)
    with controls:
        st.download_button(
            "Download", lambda: make(figure, paper), f"{figure.name}.{extension}", mime,
            key="take.download", on_click="ignore", type="primary", width="stretch",
            icon=":material/download:", disabled=not ready, help=words,
        )  # fmt: skip


def _pick_paper(figure: Figure, kind: str) -> Paper:
    """Let the visitor lay the figure out; what they chose last comes first."""
    last: Paper = st.session_state.get(_PAPER, Paper())
    width = st.number_input(
        "Width, mm", _NARROW, _WIDE, int(last.width), step=5,
        help="85 is one column of a journal, 180 both.",
    )  # fmt: skip
    dpi = last.dpi
    if kind == "png":
        dpi = int(st.number_input("Pixels an inch (dpi)", 72, 600, last.dpi, step=50))
    paper = replace(last, width=float(width), dpi=dpi, columns=_pick_columns(figure))
    paper = replace(
        paper,
        photo=st.toggle("The photo first", last.photo),
        title=st.toggle("Title", last.title),
        bar=st.toggle("Colour bars with numbers", last.bar),
        told=st.toggle("Model and settings below", last.told),
        transparent=st.toggle("Transparent ground", last.transparent),
    )
    st.session_state[_PAPER] = paper
    return paper


def _pick_columns(figure: Figure) -> int:
    """How many pictures are in a row; rows with names have theirs."""
    count = len(figure.pictures)
    if figure.rows or count == 1:
        return 0
    key = f"take.columns {figure.label}"
    return int(st.number_input("Pictures a row", 1, min(count, 12), figure.columns, key=key))


def _preview(figure: Figure, paper: Paper) -> bool:
    """Show the figure as it will be; whether it can be made."""
    try:
        made = figure.png(replace(paper, dpi=_PREVIEW))
    except Exception as error:
        st.error(plain(sentence(error)), icon=":material/error:")
        return False
    st.image(made, width="stretch")
    return True


def _told(figure: Figure, kind: str) -> bool:
    """Say what the file holds."""
    shapes = sorted({each.shown.values.shape for each in figure.pictures})
    sizes = " or ".join(f"{rows} × {cols}" for rows, cols in shapes)
    count = len(figure.pictures)
    maps = "1 map" if count == 1 else f"{count} maps"
    told = {
        "npz": f"{maps} of {sizes} values, float32, each under its name.",
        "npy": f"{maps} of {sizes} values, float32, as one array (maps, rows, columns).",
        "csv": f"{maps} of {sizes} values: a line for each, with map, row and column.",
        "picture": "The map over its photo, in the pixels of the screen, without text.",
    }
    several = kind == "npy" and len(shapes) > 1
    st.caption("Their sizes differ, so they do not fit one array." if several else told[kind])
    return not several
