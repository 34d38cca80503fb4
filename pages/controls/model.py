"""The controls of a model: which one, and what it sees."""

from __future__ import annotations

import re

import streamlit as st
from heedmap import models
from heedmap.languages import Phrase
from heedmap.models import Model
from heedmap.models.capabilities import Can, fits
from heedmap.pages.frame import link
from heedmap.pages.language import named, told, tr
from heedmap.views import model_facts

FITS = {"whole": Phrase("Whole photo"), "crop": Phrase("Middle crop"), "squash": Phrase("Squash")}
SIZES = (128, 224, 336, 448, 518, 672, 896, 1036)  # px


def pick_model(needs: Can, default: str, name: str = "model") -> str:
    """Let the visitor choose a model that can do `needs`, or type the id or URL of any other.

    A name that no model has is let through: looking it up fails with the nearest names.
    """
    every = [entry for entry in models.records(needs) if fits(entry.can, needs)]
    lines = {entry.id: told(model_facts.line(entry)) for entry in every}
    key = link.setting(name, default, str, fits=lambda id: bool(id.strip()))
    pasted = [id for id in [st.session_state[key]] if id not in lines]
    return str(
        st.selectbox(
            tr("Model"), [*lines, *pasted], key=key, format_func=lambda id: lines.get(id, id),
            label_visibility="collapsed", accept_new_options=True,
        )
    )  # fmt: skip


def pick_sight(entry: Model, prefix: str = "") -> tuple[int, str]:
    """Let the visitor choose what the model sees: the short side in px, and the fit.

    With a prefix these are settings of their own, and the fit that pages share is their default.
    """
    own = model_facts.native_size(entry)
    size_key = link.whole(f"{prefix}size", 14, 1036, own)
    fit_key = link.choice("fit", FITS, "whole", shared=True)
    if prefix:
        fit_key = link.choice(f"{prefix}fit", FITS, st.session_state[fit_key])
    sizes = sorted({*SIZES, own, st.session_state[size_key]})
    left, right = st.columns([2, 3], gap="small")
    size = left.selectbox(
        tr("Size"), sizes, key=size_key, format_func=lambda px: f"{px} px",
        help=tr("Short side of the model’s input. This model was made for {own} px; larger gives a "
        "finer grid and takes longer.", own=own),
    )  # fmt: skip
    fit = right.selectbox(
        tr("Fit"),
        FITS,
        key=fit_key,
        format_func=named(FITS),
        help=tr(
            "Whole: keeps the aspect ratio, cuts nothing. Crop: the model’s own evaluation crop. "
            "Squash: resized to a square; for DINO’s own checkpoints as in DINO’s script."
        ),
    )
    return int(size), str(fit)


def show_card(entry: Model) -> None:
    """Show the card of a model that lies in a folder: data, recipe, measured accuracy.

    It is long, and sent when it is opened.
    """
    if card := model_facts.card(entry):
        place = st.expander(tr("Model card"), key="card", on_change="rerun")
        if place.open:
            place.markdown(_below_the_title(card))


def _below_the_title(card: str) -> str:
    """A card whose headings stand below the page's own, which is its only one of the first rank."""
    return re.sub(r"^#{1,4} ", "##### ", card, flags=re.MULTILINE)
