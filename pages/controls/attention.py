"""The controls of attention maps: kind, layer, head, view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.language import named, told, tr
from heedmap.views import attention, patches
from heedmap.views.attention import MEAN, Source
from heedmap.views.patches import Patch
from heedmap.viz import KINDS

if TYPE_CHECKING:
    from heedmap.models import Adapter

FIRST = Phrase(
    "First shown is the head whose attention is most concentrated, outliers aside; heads that "
    "dwell on one patch or on the rim are passed over."
)
PAIR = ("first", "second")  # the settings of two layers side by side
ONE_LAYER, ONE_HEAD = Phrase("There is a single layer."), Phrase("There is a single head.")


def pick_kind(adapter: Adapter, name: str = "kind") -> str | None:
    """Let the visitor choose a kind of attention, where the model has several."""
    kinds = patches.kinds(adapter)
    if not kinds:
        return None
    key = link.choice(name, kinds, adapter.kinds[0])
    if len(kinds) == 1:
        return kinds[0]
    return str(
        st.radio(
            tr("Attention"), kinds, key=key, format_func=named(lambda kind: KINDS[kind].name),
            help="  \n".join(
                tr("{name}: {told}", name=KINDS[kind].name, told=KINDS[kind].reading)
                for kind in kinds
            ),
        )
    )  # fmt: skip


def chosen_patch(grid: tuple[int, int], name: str = "patch") -> Patch:
    """The patch that is chosen on the map, in the grid of what the model saw."""

    def fits(patch: Patch) -> bool:
        return 0 <= patch[0] < grid[0] and 0 <= patch[1] < grid[1]

    key = link.setting(name, patches.middle(grid), _read_patch, write=_write_patch, fits=fits)
    found: Patch = st.session_state[key]
    return found


def pick_map(source: Source) -> tuple[int, str]:
    """Let the visitor choose a layer and a head, where something is to be seen by default.

    A link that names only one of them means the last layer, or the mean of all heads. What a
    visitor has chosen stays when photo or model change.
    """
    first_layer, first_head = source.first
    if source.depth == 1:  # no choice of a layer, and none to remember for other kinds
        link.only("layer", "0")
        st.slider(tr("Layer"), 0, 1, 0, disabled=True, help=told(ONE_LAYER))
        return 0, pick_head(source.heads(0), default=first_head, kept=link.together(head=MEAN))
    kept = link.together(layer=str(source.depth - 1), head=MEAN)
    layer = pick_layer(source.depth, default=first_layer, kept=kept)
    return layer, pick_head(source.heads(layer), default=first_head, kept=kept)


def pick_layer(
    depth: int, name: str = "layer", default: int | None = None, kept: bool = False, *,
    compact: bool = False,
) -> int:  # fmt: skip
    """Let the visitor choose one of so many layers, the last by default; `compact` in a bar."""
    last = depth - 1
    key = link.whole(name, 0, last, last if default is None else default, kept=kept)
    if compact:
        return int(
            st.selectbox(
                tr("Second layer"),
                range(depth),
                key=key,
                format_func=named(lambda layer: Phrase("Layer {layer}", layer=layer)),
                width=130,
                label_visibility="collapsed",
                disabled=last == 0,
            )
        )
    return int(
        st.slider(
            tr("Layer"),
            0,
            max(last, 1),
            key=key,
            disabled=last == 0,
            help=tr("A model reads the photo in layers, each from the one before. Counted from 0.")
            if last
            else told(ONE_LAYER),
        )
    )


def pick_pair(depth: int) -> tuple[int, ...]:
    """Let the visitor choose two layers to see side by side, the middle and the last by default.

    A single layer, such as a pooling head, has no pair.
    """
    defaults = (max(0, depth // 2 - 1), depth - 1)
    keys = [link.whole(name, 0, depth - 1, own) for name, own in zip(PAIR, defaults, strict=True)]
    if depth == 1:
        for name in PAIR:
            st.slider(_pair_name(name), 0, 1, 0, disabled=True, help=told(ONE_LAYER))
        return (0,)
    left, right = (
        st.slider(
            _pair_name(name), 0, depth - 1, key=key,
            help=tr("The picture on this side, and where it stands among the layers; from 0."),
        )
        for name, key in zip(PAIR, keys, strict=True)
    )  # fmt: skip
    return int(left), int(right)


def pick_head(
    count: int, name: str = "head", default: str = MEAN, kept: bool = False, *,
    compact: bool = False,
) -> str:  # fmt: skip
    """Let the visitor choose one of so many heads, or the mean of all; `compact` is for a bar."""
    options = [MEAN, *(str(head) for head in range(count))]
    key = link.choice(name, options, default if default in options else MEAN, kept=kept)
    return str(
        st.selectbox(
            tr("Second head") if compact else tr("Head"),
            options,
            key=key,
            format_func=named(_head_name),
            label_visibility="collapsed" if compact else "visible",
            width=190 if compact else "stretch",
            help=told(FIRST if count > 1 else ONE_HEAD),
            disabled=count == 1,
        )
    )


def pick_difference(several: bool = True) -> bool:
    """Let the visitor see the difference of two maps as a third picture, where there are two."""
    if not several:
        return st.toggle(tr("Their difference"), disabled=True, help=told(ONE_LAYER))
    return st.toggle(
        tr("Their difference"), key=link.switch("less"),
        help=tr("Where which of the two has more of its attention, by share per area."),
    )  # fmt: skip


def pick_hiding() -> bool:
    """Let the visitor hide outlier patches."""
    return st.toggle(
        tr("Hide outlier patches"), key=link.switch("hide"),
        help=tr("Some models store information in a few patches of plain background, which then "
        "outshine all others. This hides those whose tokens are far longer than the rest, and "
        "renormalises what is left."),
    )  # fmt: skip


def _pair_name(name: str) -> str:
    return tr("First layer") if name == PAIR[0] else tr("Second layer")


def _read_patch(text: str) -> Patch:
    row, column = text.split(",")
    return int(row), int(column)


def _write_patch(patch: Patch) -> str:
    return f"{patch[0]},{patch[1]}"


def _head_name(head: str) -> str:
    return Phrase("Mean of all heads") if head == MEAN else attention.head_caption(head)
