"""The attention of the chosen head from all tokens to all tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from heedmap.pages.frame import link
from heedmap.pages.language import tr
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.pages.stage import components, downloads
from heedmap.views import matrix, patches
from heedmap.views.data_urls import base64_of
from heedmap.viz.draw.matrix import upper_end

if TYPE_CHECKING:
    from heedmap.pages.stage.components.sent import Matrix
    from heedmap.views.attention import Map
    from heedmap.views.render import Look
    from heedmap.viz import AttentionMatrix


def show(hero: Map, look: Look) -> None:
    """Show the matrix; picking a row pins its patch."""
    made = run_shown(load(hero.request.model), hero.request, hero, matrix.matrix)
    components.matrix(
        _sent(made, hero),
        lambda patch: link.ask({"kind": patches.KIND, "patch": patch}),
        label=tr("Attention matrix of {title}", title=hero.title),
        key="matrix",
    )
    st.caption(
        tr(
            "{title}. {told} Point at a pair to read it; a click pins the patch of its row.",
            title=hero.title,
            told=matrix.told(made, hero),
        )
    )
    downloads.figure(matrix.Figure(made, hero))


def _sent(made: AttentionMatrix, hero: Map) -> Matrix:
    grid = hero.seen.grid
    return {
        "values": base64_of(made.values.astype(np.float16)),
        "labels": list(made.labels),
        "places": [list(place) if place else None for place in made.places],
        "grid": list(grid),
        "tile": made.tile,
        "high": upper_end(made.values),
        "even": matrix.even(made, grid),
        "at": matrix.token_of(made, hero.source.patch),
    }
