"""A second attention map beside the first: another layer, another head or another model."""

from __future__ import annotations

import streamlit as st
from heedmap import models
from heedmap.languages import Phrase
from heedmap.pages.controls.attention import pick_difference, pick_head, pick_layer
from heedmap.pages.controls.model import pick_model
from heedmap.pages.frame import link
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import Page
from heedmap.pages.language import told, tr
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.hiding import ready_to_hide
from heedmap.pages.run.loading import load
from heedmap.views import attention, model_facts
from heedmap.views.attention import Map, Source
from heedmap.views.request import Request

_HELP = Phrase("The same photo in another layer, another head or another model.")


def pick_beside(page: Page, shown: Map, notices: Notices) -> tuple[Map, bool] | None:
    """Let the visitor put a second map beside one, of the same kind where its model has it.

    Its controls are a bar above the maps. Returns the second map, and whether the difference of
    the two is shown as well.
    """
    source = shown.source
    key = link.switch("two")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="beside"):
        if not st.toggle(tr("A second map beside it"), key=key, width="content", help=told(_HELP)):
            return None
        model = pick_model(page.needs, source.request.model, "model2")
        other = source if model == source.request.model else _other(source, model, notices)
        if other is None:
            return None
        layer = pick_layer(other.depth, "layer2", compact=True)
        head = pick_head(other.heads(layer), "head2", compact=True)
        other = ready_to_hide(other, shown.hide)
        return Map(other, layer, head, shown.hide), pick_difference()


def _other(source: Source, model: str, notices: Notices) -> Source | None:
    """The same photo in another model, or None with an error shown."""
    with notices.guard():
        adapter = load(model)
        size = model_facts.native_size(models.record(adapter.id))
        request = Request(source.request.photo, adapter.id, size, source.request.fit)
        return run_shown(adapter, request, source, attention.same)
    return None
