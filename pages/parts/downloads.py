"""What can be taken home: pictures as PNG, all of them as ZIP, figures as PNG and PDF."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st
from heedmap import viz
from heedmap.pages.parts import attention
from heedmap.pages.parts.attention import MEAN, Map
from heedmap.pages.parts.drawing import Drawing
from heedmap.pages.parts.look import Look

Facts = Sequence[tuple[str, str]]


def heads(shown: Map, drawing: Drawing, facts: Facts) -> None:
    """Offer the shown head as a PNG and all heads of its layer as a ZIP."""
    with st.container(horizontal=True, gap="small"):
        name = _name(shown.head)
        button(name, lambda: viz.encode_png(drawing(shown)), name, "image/png")
        button(
            "All heads (ZIP)", lambda: _zip(shown, drawing, facts),
            f"attn-{shown.layer_name.lower().replace(' ', '')}.zip", "application/zip",
        )  # fmt: skip


def button(label: str, make: Callable[[], bytes], name: str, mime: str) -> None:
    """Show a download button whose file is made when it is pressed."""
    st.download_button(
        label, make, name, mime, key=f"get {name}", on_click="ignore", icon=":material/download:"
    )


def _name(head: str) -> str:
    return "attn-mean.png" if head == MEAN else f"attn-head{head}.png"


def _zip(shown: Map, drawing: Drawing, facts: Facts) -> bytes:
    """Pack the pictures of all heads, the numbers that they show, and what they are."""
    pictures = {_name(each.head): drawing(each) for each in attention.heads(shown)}
    stream = io.BytesIO(viz.zip_pngs(pictures))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("attention.npy", _npy(shown.source.maps[shown.layer]))
        archive.writestr("view.json", json.dumps(dict(facts), indent=2, ensure_ascii=False))
    return stream.getvalue()


def _npy(maps: np.ndarray) -> bytes:
    """Save the layer's attention as it was recorded, (heads, rows, cols) float32."""
    stream = io.BytesIO()
    np.save(stream, maps)
    return stream.getvalue()


def figure(
    draw: Callable[[], Sequence[np.ndarray]],
    name: str,
    look: Look,
    *,
    captions: Sequence[str],
    columns: int,
    title: str,
    facts: Facts,
    limits: tuple[float, float] | None = None,
    row_labels: Sequence[str] = (),
) -> None:
    """Offer the pictures of a page as one figure, as PNG and as PDF, made when asked for."""

    def make() -> Any:
        return viz.grid_figure(
            draw(),
            captions=captions,
            columns=columns,
            title=title,
            footer=" · ".join(f"{label}: {value}" for label, value in facts),
            colormap=look.colormap,
            limits=limits,
            row_labels=row_labels,
        )

    with st.container(horizontal=True, gap="small"):
        button("Figure (PNG)", lambda: viz.to_png(make()), f"{name}.png", "image/png")
        button("Figure (PDF)", lambda: viz.to_pdf(make()), f"{name}.pdf", "application/pdf")
