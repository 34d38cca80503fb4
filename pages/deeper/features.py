"""What the patches hold: similarity to one, PCA as colours, norms and outliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.controls.photo import NONE, pick_second, second_photo
from heedmap.pages.frame import link
from heedmap.pages.language import told, tr
from heedmap.pages.run import live
from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.pages.stage.components import linked
from heedmap.pages.stage.components.sent import Panel, Place
from heedmap.pages.stage.panels import panel, pin
from heedmap.views import features
from heedmap.views.data_urls import base64_of
from heedmap.views.render import Look

if TYPE_CHECKING:
    from heedmap import viz
    from heedmap.models import Adapter
    from heedmap.views.attention import Map
    from heedmap.views.features import Held, Shown

_LOOK = Look(colormap="viridis", opacity=0.85, interpolation="nearest", fade=False)


def settings() -> None:
    """The settings of this section; to be called before `link.finish`."""
    link.whole("front", 0, 100, 50)
    second_photo("photo2")


def show(hero: Map, look: Look) -> None:
    """Show the features of the layer that is chosen."""
    adapter = load(hero.request.model)
    own = run_shown(adapter, hero.request, hero.layer, features.held)
    with st.container(horizontal=True, gap="medium"):
        photo, front = pick_second("photo2"), _pick_front()
    shown = [own] if photo == NONE else [own, _second(adapter, own, photo)]
    made = features.colours(shown, front / 100)
    panels = _panels(shown, hero, made)
    linked(panels, live.ask, key="features", columns=3, look=_LOOK, pin=pin(hero))
    _tell(shown, hero, made, front, adapter)


def _second(adapter: Adapter, own: Held, photo: str) -> Held:
    return run_shown(
        adapter, own.request, photo, lambda model, _, photo: features.second(model, own, photo)
    )


def _pick_front() -> int:
    """Let the visitor choose which patches are foreground."""
    return int(
        st.slider(
            tr("Foreground threshold"), 0, 100, key=link.key_of("front"), format="%d %%", width=280,
            help=tr("Patches below it on the first component are background, drawn black."),
        )
    )  # fmt: skip


def _panels(shown: Sequence[Held], hero: Map, made: viz.Colours) -> list[Panel]:
    """Three pictures for each photo; pointing at one marks the same patch in all of that photo."""
    similar = features.similarity(shown, features.query_of(hero))
    titles = features.titled(Phrase("Features as colours"), shown)
    found: list[Panel] = []
    for i, norms in enumerate(features.norms(shown)):
        row: list[Panel] = [
            {**_drawn(similar[i]), "units": shown[i].units},
            _colours(norms, titles[i], made.pictures[i], made.foreground[i]),
            _norms(norms),
        ]
        place: Place = {"photo": shown[i].request.photo, "box": [0, 0, 1, 1]}
        found += [{**each, "place": place} for each in row] if i else row
    return found


def _colours(shown: Shown, title: str, picture: np.ndarray, foreground: np.ndarray) -> Panel:
    """Features as colours, in the place and the size of another map of the same photo."""
    own = _drawn(shown)
    return {
        "title": title,
        "colours": base64_of(picture),
        "src": own["src"],
        "width": own["width"],
        "height": own["height"],
        "grid": own["grid"],
        "what": Phrase("three principal components as red, green and blue"),
        "alt": Phrase(
            "Three principal components of the patches of {photo}", photo=shown.held.name
        ),
        "badge": Phrase("foreground: {share:.0%} of the patches", share=foreground.mean()),
    }


def _norms(shown: Shown) -> Panel:
    marks = np.argwhere(shown.held.outliers).tolist()
    badge = Phrase("{count} outliers", count=len(marks)) if marks else Phrase("no outliers")
    if len(marks) == 1:
        badge = Phrase("1 outlier")
    return {**_drawn(shown), "marks": marks, "badge": badge}


def _drawn(shown: Shown) -> Panel:
    return {**panel(shown, _LOOK, ("map",)), "view": "overlay"}


def _tell(
    shown: Sequence[Held], hero: Map, made: viz.Colours, front: int, adapter: Adapter
) -> None:
    """What the pictures mean, in the columns that they stand in."""
    similar, colours, norms = st.columns(3)
    how = Phrase(
        "the pinned patch" if hero.source.patch else "the strongest patch of the map above"
    )
    similar.caption(
        tr(
            "Cosine similarity after block {block} to {how}, or to the patch under the pointer. A "
            "click pins a patch: what it attends to is then shown above.",
            block=shown[0].block,
            how=how,
        )
    )
    red, green, blue = made.explained
    joint = Phrase(", joint over both photos") if len(shown) > 1 else ""
    colours.caption(
        tr(
            "Three principal components of the foreground as red, green and blue ({red:.0%}, "
            "{green:.0%} and {blue:.0%} of its variance){joint}. Foreground is above {front} % on "
            "the first component of all patches.",
            red=red,
            green=green,
            blue=blue,
            joint=joint,
            front=front,
        )
    )
    for each in shown:
        name = f"{told(each.name)}: " if len(shown) > 1 else ""
        norms.caption(f"{name}{told(features.told_outliers(each, hero, adapter))}")
    norms.caption(
        tr("An outlier has over twice the median and ten robust standard deviations more.")
    )
