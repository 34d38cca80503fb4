"""What the patches hold: similarity to one, PCA as colours, norms and outliers."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import streamlit as st
from heedmap.pages.frame import link
from heedmap.pages.frame.text import heading
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.views import features, photos
from heedmap.viz import sample_ids

if TYPE_CHECKING:
    from heedmap.views.attention import Map
    from heedmap.views.features import Held
    from heedmap.views.render import Look

NONE = "none"  # no second photo


def settings() -> None:
    """The settings of this section; to be called before `link.finish`."""
    link.whole("front", 0, 100, 50)
    link.choice("photo2", [NONE, *sample_ids()], NONE)


def show(hero: Map, look: Look) -> None:
    """Show the features of the layer that is chosen."""
    adapter = load(hero.request.model)
    own = run_shown(adapter, hero.request, hero.layer, features.held)
    photo, front = _controls()
    other = None if photo == NONE else run_shown(
        adapter, hero.request, photo, lambda a, _, second: features.second(own, second, a)
    )  # fmt: skip
    places = st.columns(3)
    with places[0]:
        _similarity(own, other, hero)
    with places[1]:
        _colours(own, other, front)
    with places[2]:
        _norms(own, hero, adapter)


def _similarity(own: Held, other: Held | None, hero: Map) -> None:
    row, col = patch = features.query_of(hero)
    heading("Similar patches", "")
    what = f"Cosine similarity to row {row}, column {col}"
    _figure(features.similarity(own, patch), f"{what}, on {features.name(own)}")
    if other:
        _figure(features.similarity(own, patch, other), f"{what}, on {features.name(other)}")
    how = "the pinned patch" if hero.source.patch else "the strongest patch of the map above"
    st.caption(
        f"{what}: {how}, outlined. Block {own.block}. To choose another, see attention “From a "
        "patch” and click on the map."
    )


def _controls() -> tuple[str, int]:
    """The second photo, and the threshold of the foreground in percent."""
    with st.container(horizontal=True, gap="medium"):
        photo = st.selectbox(
            "Second photo", [NONE, *sample_ids()], key=link.key_of("photo2"), width=240,
            format_func=lambda key: "None" if key == NONE else photos.name(key),
        )  # fmt: skip
        front = st.slider(
            "Foreground threshold", 0, 100, key=link.key_of("front"), format="%d %%", width=280,
            help="Patches below it on the first component are background, drawn black.",
        )  # fmt: skip
    return str(photo), int(front)


def _colours(own: Held, other: Held | None, front: int) -> None:
    heading("Features as colours", "")
    shown = [own, other] if other else [own]
    urls, made = features.colours(shown, front / 100)
    for each, url in zip(shown, urls, strict=True):
        _figure(url, f"Three principal components of the patches of {features.name(each)}")
    red, green, blue = made.explained
    kept = sum(int(mask.sum()) for mask in made.foreground)
    st.caption(
        f"Three principal components of the {kept} foreground patches as red, green and blue "
        f"({red:.0%}, {green:.0%} and {blue:.0%} of their variance)"
        f"{', joint over both photos' if other else ''}. The first component over all patches "
        f"tells foreground: above {front} %."
    )


def _norms(own: Held, hero: Map, adapter: Any) -> None:
    heading("Norms", "")
    url, mask = features.norms(own)
    _figure(url, f"Norms of the patches of {features.name(own)}; {int(mask.sum())} outliers")
    st.caption(
        f"{features.told_outliers(own, hero, mask, adapter)} Norms are of the residual stream; "
        "an outlier has over twice the median and ten robust standard deviations more."
    )


def _figure(src: str, alt: str) -> None:
    st.html(f'<img class="drawn" src="{src}" alt="{html.escape(alt)}">')
