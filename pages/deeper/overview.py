"""All layers and heads as a table of small maps."""

from __future__ import annotations

from functools import partial

import streamlit as st
from heedmap.pages.frame import link
from heedmap.pages.language import tr
from heedmap.pages.stage.components import overview
from heedmap.pages.stage.panels import ratio
from heedmap.views import attention
from heedmap.views.attention import MEAN, Map
from heedmap.views.overview import sprite
from heedmap.views.render import SCALES, Look


def show(hero: Map, look: Look) -> None:
    """Show every map of a model, to pick one from."""
    made = sprite(hero, look)
    heads = [attention.head_caption(MEAN), *map(str, range(made.columns - 1))]
    keys = link.key_of("layer"), link.key_of("head")
    overview(
        made.src,
        [str(layer) for layer in range(len(made.heads))],
        heads,
        made.heads,
        f"{hero.layer},{hero.head}",
        partial(_choose, *keys),
        label=tr("All layers and heads"),
        key="overview",
        ratio=ratio(hero.seen),
    )
    st.caption(
        tr(
            "Layers down, heads across; {what}. Colour scale, as chosen above the map: {scale}.",
            what=hero.what,
            scale=SCALES[look.scale],
        )
    )


def _choose(layer_key: str, head_key: str, picked: str) -> None:
    layer, _, head = picked.partition(",")
    st.session_state[layer_key] = int(layer)
    st.session_state[head_key] = head
