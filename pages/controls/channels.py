"""The controls of channels: which layers, how many channels, which one large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.frame import link
from heedmap.pages.language import named, tr
from heedmap.views.channels import Channel, Source

if TYPE_CHECKING:
    from heedmap.models import Adapter

SHOWN = {"channels": Phrase("Channels"), "cam": Phrase("Grad-CAM")}
AFTER = {"activation": Phrase("As passed on"), "convolution": Phrase("As convolved")}


def pick_cam() -> bool:
    """Let the visitor choose between channels and Grad-CAM; whether it is the latter."""
    shown = st.segmented_control(
        tr("Show"),
        SHOWN,
        key=link.choice("show", SHOWN, "channels"),
        format_func=named(SHOWN),
        required=True,
        width="stretch",
        help=tr(
            "Channels: where single channels respond, whatever the class. Grad-CAM: the channels "
            "of one layer, weighted by what speaks for a class, and added."
        ),
    )
    return bool(shown == "cam")


def pick_layers(adapter: Adapter) -> tuple[str, ...]:
    """Let the visitor choose layers that make maps, in the order of the model."""
    names = adapter.conv_layers
    key = link.setting(
        "layers", list(adapter.default_conv_layers), lambda text: text.split("~"),
        write="~".join, fits=lambda chosen: set(chosen) <= set(names),
    )  # fmt: skip
    chosen = st.multiselect(
        tr("Layers"), names, key=key, placeholder=tr("Choose layers"),
        help=tr("Convolutions in the order of the network: early ones answer to edges and colours, "
        "late ones to parts of things."),
    )  # fmt: skip
    if not chosen:
        link.notice(Phrase("No layer is chosen: a shallow, a middle and a deep one are shown."))
        return adapter.default_conv_layers
    return tuple(sorted(chosen, key=names.index))


def pick_count() -> int:
    """Let the visitor choose how many channels are shown of each layer."""
    key = link.whole("k", 1, 8, 3)
    return int(
        st.slider(
            tr("Strongest channels per layer"),
            1,
            8,
            key=key,
            help=tr("Only the channels with the highest mean are shown; a layer has many more."),
        )
    )


def pick_after(name: str = "after") -> str:
    """Let the visitor choose what is shown and ranked of a convolution."""
    return str(
        st.segmented_control(
            tr("Shown of each layer"),
            AFTER,
            key=link.choice(name, AFTER, "activation"),
            format_func=named(AFTER),
            required=True,
            width="stretch",
            help=tr(
                "What the network passes on of a convolution, after normalisation, residual and "
                "the next activation (ReLU, SiLU, GELU …), or what the convolution itself gives, "
                "whose offset a normalisation may remove."
            ),
        )
    )


def chosen_channel(rows: dict[str, list[Channel]]) -> Channel:
    """The channel that is shown large; the strongest of the deepest layer by default."""
    shown = {channel.name: channel for row in rows.values() for channel in row}
    default = list(rows.values())[-1][0].name
    return shown[st.session_state[link.choice("channel", shown, default)]]


def pick_conv(adapter: Adapter, name: str) -> str:
    """Let the visitor choose a layer that makes maps, the deepest of the default ones at first."""
    key = link.choice(name, adapter.conv_layers, adapter.default_conv_layers[-1])
    return str(st.selectbox(tr("Layer"), adapter.conv_layers, key=key))


def pick_channel(source: Source, layer: str, name: str) -> Channel:
    """Let the visitor choose a channel of a layer, the strongest first and by default."""
    every = {str(index): mean for index, mean in source.activations.top(layer, source.count(layer))}
    key = link.choice(name, every, next(iter(every)))
    chosen = st.selectbox(
        tr("Channel"),
        every,
        key=key,
        format_func=named(
            lambda index: Phrase("{index}, mean {mean:.3g}", index=index, mean=every[index])
        ),
        help=tr("Ranked by their mean."),
    )
    return Channel(source, layer, int(chosen))
