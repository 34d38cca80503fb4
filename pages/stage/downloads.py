"""Download buttons; a file is made when its button is pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import streamlit as st
from heedmap.views import export, names
from heedmap.views.attention import Map
from heedmap.views.facts import Facts
from heedmap.views.render import Look


def heads(shown: Map, look: Look, told: Facts, link: str) -> None:
    """Offer the shown head as PNG and all heads of its layer as ZIP, with the link of the view."""
    with st.container(horizontal=True, gap="small"):
        _button(
            "This map (PNG)", lambda: export.png(shown, look),
            f"{names.of_map(shown)}.png", "image/png",
        )  # fmt: skip
        _button(
            "All heads (ZIP)", lambda: export.heads_zip(shown, look, told, link),
            f"{names.of_layer(shown)}.zip", "application/zip",
        )  # fmt: skip


class Figure(Protocol):
    """Something that is drawn as one figure."""

    @property
    def name(self) -> str:
        """Of its file, without extension."""

    def png(self) -> bytes:
        """The figure as PNG."""

    def pdf(self) -> bytes:
        """The figure as PDF."""


def figure(made: Figure) -> None:
    """Offer the pictures of a page as one figure, PNG and PDF."""
    with st.container(horizontal=True, gap="small"):
        _button("Figure (PNG)", made.png, f"{made.name}.png", "image/png")
        _button("Figure (PDF)", made.pdf, f"{made.name}.pdf", "application/pdf")


def _button(label: str, make: Callable[[], bytes], name: str, mime: str) -> None:
    st.download_button(
        label, make, name, mime, key=f"get {label}", on_click="ignore", icon=":material/download:"
    )
