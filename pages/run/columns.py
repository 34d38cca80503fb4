"""One column of a comparison: choose its model and its map, load it, run it.

A column that fails says why in its place, and costs the others nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from heedmap import models
from heedmap.errors import CaptureError
from heedmap.pages.controls import columns as controls
from heedmap.pages.controls.attention import chosen_patch, pick_head, pick_kind, pick_layer
from heedmap.pages.controls.channels import pick_after, pick_channel, pick_conv
from heedmap.pages.controls.model import pick_model, pick_sight
from heedmap.pages.controls.photo import pick_another
from heedmap.pages.frame import link
from heedmap.pages.frame.notices import sentence
from heedmap.pages.frame.page import Page
from heedmap.pages.run import failures
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import describe, load
from heedmap.views import attention, channels
from heedmap.views.attention import Map
from heedmap.views.compare import Column, Failed, Shown
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from streamlit.delta_generator import DeltaGenerator


def open_column(page: Page, letter: str, letters: Sequence[str], photo: str) -> Column | Failed:
    """Let the visitor choose what a column shows, and make it.

    `photo` is the one that all columns show by default.
    """
    place = controls.expander(letter)
    with place:
        id = pick_model(page.needs, controls.COLUMNS[letter], f"{letter}.model")
    try:
        describe(page, id)
        shown = _shown(load(id), letter, photo, place)
    except Exception as error:
        link.wait(f"{letter}.")
        found: Column | Failed = Failed(letter.upper(), sentence(error))
        with place:
            failures.offer_again([id], letter)
    else:
        found = Column(letter.upper(), shown)
    with place:
        controls.remove_button(letter, letters)
    return found


def _shown(adapter: Adapter, letter: str, photo: str, place: DeltaGenerator) -> Shown:
    """The chosen map of a loaded model."""
    with place:
        request = _request(adapter, letter, photo)
        if not (adapter.kinds or "convolutions" in adapter.can):
            raise CaptureError(
                "{title} has nothing to show: choose another model.", title=adapter.title
            )
        show = controls.pick_show(adapter, letter)
    if show == "channel":
        return _channel(adapter, request, letter, place)
    return _map(adapter, request, letter, place)


def _request(adapter: Adapter, letter: str, photo: str) -> Request:
    chosen = pick_another(f"{letter}.photo", photo)
    size, fit = pick_sight(models.record(adapter.id), f"{letter}.")
    return Request(chosen, adapter.id, size, fit)


def _map(adapter: Adapter, request: Request, letter: str, place: DeltaGenerator) -> Map:
    with place:
        kind = pick_kind(adapter, f"{letter}.kind")
    source = run_shown(adapter, request, kind, attention.source)
    if source.patch:
        patch = chosen_patch(source.seen.grid, f"{letter}.patch")
        source = run_shown(adapter, request, kind, partial(attention.source, patch=patch))
    with place:
        layer = pick_layer(source.depth, f"{letter}.layer")
        return Map(source, layer, pick_head(source.heads(layer), f"{letter}.head"))


def _channel(
    adapter: Adapter, request: Request, letter: str, place: DeltaGenerator
) -> channels.Channel:
    with place:
        layer = pick_conv(adapter, f"{letter}.conv")
        after = pick_after(f"{letter}.after")
    source = run_shown(adapter, request, (layer,), partial(channels.source, after=after))
    with place:
        return pick_channel(source, layer, f"{letter}.channel")
