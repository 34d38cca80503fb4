"""What pages start with: choose photo and model, load it, choose what to see of it, run it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st
from heedmap import models
from heedmap.pages.controls.attention import chosen_patch, pick_kind
from heedmap.pages.controls.channels import pick_after, pick_count, pick_layers
from heedmap.pages.controls.model import pick_model, pick_sight, show_card
from heedmap.pages.controls.photo import pick_photo
from heedmap.pages.frame.head import name_tab
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import Page
from heedmap.pages.frame.text import plain, section
from heedmap.pages.language import tr
from heedmap.pages.run.answer import answer, first_ready
from heedmap.pages.run.loading import describe
from heedmap.views import attention, channels, model_facts, patches, photos
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Model


def open_attention(page: Page, notices: Notices) -> attention.Source:
    """The chosen kind of attention, of the chosen photo and model."""
    adapter, request = open_model(page, notices)
    with st.sidebar:
        section(tr("Map"))
    return choose_attention(page, adapter, request, notices)


def choose_attention(
    page: Page, adapter: Adapter, request: Request, notices: Notices
) -> attention.Source:
    """The chosen kind of attention, of a photo in a model."""
    with st.sidebar:
        kind = pick_kind(adapter)
    if kind != patches.KIND:
        return answer(page, adapter, request, (kind,), _source, notices)
    grid = answer(page, adapter, request, (None,), _source, notices).seen.grid
    return answer(page, adapter, request, (kind, chosen_patch(grid)), _source, notices)


def _source(adapter: Adapter, request: Request, part: tuple[Any, ...] | None) -> attention.Source:
    return attention.source(adapter, request, *(part or ()))


def open_channels(
    page: Page, adapter: Adapter, request: Request, notices: Notices
) -> tuple[channels.Source, int]:
    """The chosen layers, of a photo in a model, and how many channels to show of each."""
    with st.sidebar:
        layers = pick_layers(adapter)
        after = pick_after()
        count = pick_count()
    run = partial(channels.source, after=after)
    return answer(page, adapter, request, layers, run, notices), count


def open_model(page: Page, notices: Notices) -> tuple[Adapter, Request]:
    """The chosen model, or the one shown instead, and the forward pass asked of it."""
    with st.sidebar:
        section(tr("Photo"))
        photo = pick_photo()
        section(tr("Model"), tr("or type an id or URL"))
        id = pick_model(page.needs, page.model)
        asked = _describe(page, id, notices)
        sight = _pick_sight(asked) if asked else None
    adapter = first_ready(page, id, asked is not None, notices)
    shown = models.record(adapter.id)
    with st.sidebar:
        if shown != asked:
            st.caption(tr("Shown instead: {title}.", title=plain(shown.title)))
        size, fit = sight or _pick_sight(shown)
    if asked and size == model_facts.native_size(asked):
        size = model_facts.native_size(shown)
    name_tab(page.title, photos.name(photo), shown.title)
    return adapter, Request(photo, adapter.id, size, fit)


def _describe(page: Page, id: str, notices: Notices) -> Model | None:
    """Say what a model is; None for one that the page cannot show, with an error shown."""
    with st.container(key="about"), notices.guard():  # as tall for every model
        st.caption("  \n".join(map(plain, describe(page, id))))
        return models.record(id)
    return None


def _pick_sight(entry: Model) -> tuple[int, str]:
    """Let the visitor choose what a model sees, and show its card; it may still be loading."""
    sight = pick_sight(entry)
    show_card(entry)
    return sight
