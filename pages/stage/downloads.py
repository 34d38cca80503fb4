"""Download buttons for a figure; a file is made when its button is pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import streamlit as st
from heedmap.languages import Phrase
from heedmap.pages.language import told


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
    """Offer a figure as PNG and PDF."""
    with st.container(horizontal=True, gap="small"):
        _button(Phrase("Figure (PNG)"), made.png, f"{made.name}.png", "image/png")
        _button(Phrase("Figure (PDF)"), made.pdf, f"{made.name}.pdf", "application/pdf")


def _button(label: Phrase, make: Callable[[], bytes], name: str, mime: str) -> None:
    st.download_button(
        told(label),
        make,
        name,
        mime,
        key=f"get {label}",
        on_click="ignore",
        icon=":material/download:",
    )
