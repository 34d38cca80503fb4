"""What pages start with: choose photo and model, load it, choose what to see of it, run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from heedmap import models
from heedmap.pages.controls.attention import pick_kind
from heedmap.pages.controls.channels import pick_count, pick_layers
from heedmap.pages.controls.model import pick_model, pick_sight, show_card
from heedmap.pages.controls.photo import pick_photo
from heedmap.pages.frame.head import name_tab
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import Page
from heedmap.pages.frame.text import plain, section
from heedmap.pages.run.answer import answer, first_ready
from heedmap.pages.run.loading import describe
from heedmap.views import attention, channels, photos
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter


def open_attention(page: Page, notices: Notices) -> attention.Source:
    """The chosen kind of attention, of the chosen photo and model."""
    adapter, request = open_model(page, notices)
    with st.sidebar:
        section("Map")
        kind = pick_kind(adapter)
    return answer(page, adapter, request, kind, attention.source, notices)


def open_channels(page: Page, notices: Notices) -> tuple[channels.Source, int]:
    """The chosen layers, of the chosen photo and model, and how many channels to show of each."""
    adapter, request = open_model(page, notices)
    with st.sidebar:
        section("Map")
        layers = pick_layers(adapter)
        count = pick_count()
    return answer(page, adapter, request, layers, channels.source, notices), count


def open_model(page: Page, notices: Notices) -> tuple[Adapter, Request]:
    """The chosen model, or the one shown instead, and the forward pass asked of it."""
    with st.sidebar:
        section("Photo")
        photo = pick_photo()
        section("Model", "or type an id or URL")
        id = pick_model(page.needs, page.model)
        about = _describe(page, id, notices)
        with st.container(key="about"):  # as tall for every model
            st.caption("  \n".join(map(plain, about)))
    adapter = first_ready(page, id, bool(about), notices)
    entry = models.record(adapter.id)
    with st.sidebar:
        if not about:
            st.caption(f"Shown instead: {plain(entry.title)}.")
        size, fit = pick_sight(entry)
        show_card(entry)
    name_tab(page.title, photos.name(photo), entry.title)
    return adapter, Request(photo, adapter.id, size, fit)


def _describe(page: Page, id: str, notices: Notices) -> list[str]:
    """What a model is, in lines; none for one that the page cannot show, with an error shown."""
    with notices.guard():
        return describe(page, id)
    return []
