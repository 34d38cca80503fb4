"""The model picker: which model, what is known of it, and having it with its progress shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st
from heedmap import models
from heedmap.errors import ModelError
from heedmap.models.catalogue.names import is_id
from heedmap.pages.parts import about, failed, link
from heedmap.pages.parts.shell import Notices, plain

if TYPE_CHECKING:
    from heedmap.models import Adapter, Model, Progress

DEFAULTS = {"vit": "bundled-vit", "clip": "bundled-clip", "cnn": "bundled-cnn"}
NEEDS = {
    "vit": frozenset({"attention"}),
    "clip": frozenset({"attention", "contrastive"}),
    "cnn": frozenset({"convolutions"}),
}
PAGES = {"vit": "ViT heads", "clip": "CLIP layers", "cnn": "CNN channels"}
FITS = {"whole": "Whole photo", "crop": "Middle crop", "squash": "Squash"}
SIZES = (128, 224, 336, 448, 518, 672, 896, 1036)
_PATIENCE = 0.4  # seconds without a word


def pick_model(page: str, instead: str, notices: Notices) -> str:
    """Let the person choose a model that `page` can show, say what it is, and give its id.

    An id of the hub can be typed or pasted; where it cannot be shown, `instead` stands in for it.
    """
    id = pick_id(page, "model", DEFAULTS[page])
    with notices.guard():
        st.caption(_look_up(id, page))
        return id
    with notices.place:
        failed.offer_again(id)
    st.caption(f"Shown instead: {plain(models.record(instead).title)}.")
    return instead


def pick_id(page: str, name: str, default: str) -> str:
    """Let the person choose the id of a model that `page` shows, or paste one of the hub."""
    lines = {record.id: about.line(record) for record in models.records(NEEDS[page])}
    key = link.setting(name, default, str, fits=lambda id: id in lines or is_id(id))
    pasted = [id for id in [st.session_state[key]] if id not in lines]
    return str(
        st.selectbox(
            "Model", [*lines, *pasted], key=key, format_func=lambda id: lines.get(id, id),
            label_visibility="collapsed", accept_new_options=True,
        )
    )  # fmt: skip


def _look_up(id: str, page: str) -> str:
    """Say what a model is; the hub is asked once about an id that is pasted.

    Raises:
        ModelError: no model that this page can show, and why.
    """
    failed.known(id)
    with failed.remembered(id), st.spinner(f"Asking the hub about {plain(id)} …"):
        record = models.record(id)
        if NEEDS[page] <= record.can:
            return about.text(record)
    others = " or ".join(PAGES[each] for each, needs in NEEDS.items() if needs <= record.can)
    raise ModelError(f"{record.title} is shown on another page: see {others}.")


def own_size(id: str) -> int:
    """Give the short side that a model was made for, px."""
    return models.record(id).size or 224


def pick_sight(model: str) -> tuple[int, str]:
    """Let the person choose what the model sees, as (size in px, fit)."""
    own = own_size(model)
    size_key = link.whole("size", 14, 1036, own)
    sizes = sorted({*SIZES, own, st.session_state[size_key]})
    left, right = st.columns([2, 3], gap="small")
    size = left.selectbox(
        "Size", sizes, key=size_key, format_func=lambda px: f"{px} px",
        help=f"The short side that the model sees. This one was made for {own} px; "
        "larger gives a finer grid and takes longer.",
    )  # fmt: skip
    fit = right.selectbox(
        "Fit", FITS, key=link.choice("fit", FITS, "whole", shared=True),
        format_func=FITS.__getitem__,
        help="Whole: the aspect ratio kept, nothing cut. Crop: the model’s own evaluation crop. "
        "Squash: made square, as DINO’s script does.",
    )  # fmt: skip
    return int(size), str(fit)


def show_card(id: str) -> None:
    """Show the card of a bundled model: data, recipe, measured accuracy."""
    folder = models.record(id).folder
    if folder and (folder / "README.md").is_file():
        with st.expander("Model card"):
            card = (folder / "README.md").read_text(encoding="utf-8")
            st.markdown(_without_front_matter(card))


def have(id: str) -> Adapter:
    """Give the model, with its progress shown where it takes a moment; the person may leave."""
    loading = models.begin(id)
    started = time.monotonic()
    bar = None
    while not loading.done:
        if time.monotonic() - started > _PATIENCE:
            share, words = _progress(models.record(id), loading.progress)
            bar = bar or st.progress(0.0)
            bar.progress(share, words)
        time.sleep(0.05)
    if bar:
        bar.empty()
    return loading.result()


def _progress(model: Model, progress: Progress) -> tuple[float, str]:
    """Give the part that is done, and a line for people."""
    words = f"{plain(model.title)}: {progress.phase[:1].lower()}{progress.phase[1:]}"
    if not progress.bytes_total:
        return 0.0, f"{words} …"
    done, total = progress.bytes_done / 1e6, progress.bytes_total / 1e6
    words += f", {done:.0f} of {total:.0f} MB"
    if progress.seconds_left is not None:
        words += f", about {_span(progress.seconds_left)} left"
    return min(1.0, done / total), words


def _span(seconds: float) -> str:
    """Say a time span in the words people use."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _without_front_matter(text: str) -> str:
    """Leave out the YAML that the hub's cards begin with."""
    if text.startswith("---\n") and "\n---\n" in text[4:]:
        return text[4:].split("\n---\n", 1)[1]
    return text
