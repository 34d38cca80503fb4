"""Start: guided views of one photo and of two sentences, each a link into the app."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st
from heedmap import models
from heedmap.pages.controls.photo import pick_photo
from heedmap.pages.frame import link
from heedmap.pages.frame.head import head, name_tab
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter, script_of
from heedmap.pages.frame.text import section
from heedmap.pages.language import told, tr
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.pages.stage.shaded import shaded
from heedmap.pages.take.export import offer
from heedmap.views import data_urls, export, model_facts, photos, render
from heedmap.views.large import Large, of_one
from heedmap.views.render import Drawable, Look
from heedmap.views.request import Request
from heedmap.views.tours import TOURS, Reader, Reading, Tour

PICTURE = 480  # px, long side
LOOK = Look()


def ask(model: str, read: Reader) -> Any:
    """The chosen photo in a model."""
    adapter = load(model)
    size = model_facts.native_size(models.record(model))
    return run_shown(adapter, Request(photo, model, size), None, read)


def picture(shown: Drawable | Reading) -> str:
    """A map or a sentence as HTML."""
    if isinstance(shown, Reading):
        return shaded(shown.tokens, shown.kinds, shown.values, shown.at, ".0%")
    source, alt = data_urls.of_map(shown, LOOK, PICTURE), escape(told(render.alt(shown, LOOK)))
    return f'<img src="{source}" alt="{alt}">'


def show(tour: Tour) -> None:
    """A guided view: its words at once, its pictures when they are there."""
    pictures, words = st.columns([5, 6], gap="medium", vertical_alignment="center")
    with words:
        st.html(f'<h2 class="heading">{told(tour.title)}</h2>')
        st.write(told(tour.told))
        st.caption(tr("Larger models: {larger}", larger=tour.larger))
    with notices.guard():
        shown, asked = tour.find(ask)
        drawn = [one for one in shown if not isinstance(one, Reading)]
        taken.extend(each for one in drawn for each in of_one(one, LOOK))
        pictures.html(f'<div class="tour">{"".join(map(picture, shown))}</div>')
        words.page_link(
            script_of(tour.page), label=tr("Open this view"), icon=":material/arrow_forward:",
            query_params={**link.shared_query(), **asked},
        )  # fmt: skip


page = enter("start")
head(page.title).caption(
    tr(
        "Six things to look at in this photo, or in one of your own, and one in two sentences. All "
        "run on this machine, in small models that ship with Heedmap."
    )
)
notices = Notices()
with st.sidebar:
    section(tr("Photo"))
    photo = pick_photo()
name_tab(page.title, photos.name(photo))
notices.show()
link.finish()
taken: list[Large] = []
with st.container(key="tours", gap="medium"):
    for tour in TOURS:
        show(tour)
if taken:
    offer(export.large(taken, [], link.address()))
