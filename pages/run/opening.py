"""How a page begins: photo, model, what it sees; load it, choose what to see of it, run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from heedmap import models
from heedmap.pages.controls.attention import pick_kind
from heedmap.pages.controls.channels import pick_count, pick_layers
from heedmap.pages.controls.model import pick_model, pick_sight, show_card
from heedmap.pages.controls.photo import pick_photo
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import Page
from heedmap.pages.frame.text import plain, section
from heedmap.pages.run.answer import answer, first_ready
from heedmap.pages.run.loading import describe
from heedmap.views import attention, channels
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter


def open_attention(page: Page, notices: Notices) -> attention.Source:
    """The kind of attention that is chosen, of the photo and the model that are chosen."""
    adapter, request = _open(page, notices)
    with st.sidebar:
        section("Map")
        kind = pick_kind(adapter)
    return answer(page, adapter, request, kind, attention.source, notices)


def open_channels(page: Page, notices: Notices) -> tuple[channels.Source, int]:
    """The layers that are chosen, of the photo and the model that are chosen; channels a layer."""
    adapter, request = _open(page, notices)
    with st.sidebar:
        section("Map")
        layers = pick_layers(adapter)
        count = pick_count()
    return answer(page, adapter, request, layers, channels.source, notices), count


def _open(page: Page, notices: Notices) -> tuple[Adapter, Request]:
    """The model that is chosen, or the one that stands in for it, and what it is asked for."""
    with st.sidebar:
        section("Photo")
        photo = pick_photo()
        section("Model", "or paste a hub id")
        id = pick_model(page.needs, page.model)
        about = _describe(page, id, notices)
        if about:
            st.caption("  \n".join(map(plain, about)))
    adapter = first_ready(page, id, bool(about), notices)
    entry = models.record(adapter.id)
    with st.sidebar:
        if not about:
            st.caption(f"Shown instead: {plain(entry.title)}.")
        size, fit = pick_sight(entry)
        show_card(entry)
    return adapter, Request(photo, adapter.id, size, fit)


def _describe(page: Page, id: str, notices: Notices) -> list[str]:
    """What a model is; nothing for one that the page cannot show, with the reason said."""
    with notices.guard():
        return describe(page, id)
    return []
