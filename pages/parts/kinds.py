"""The control that chooses among the kinds of attention that a model has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from heedmap.pages.parts import attention, link, picker
from heedmap.pages.parts.attention import Source
from heedmap.pages.parts.records import Request
from heedmap.viz.kinds import KINDS

if TYPE_CHECKING:
    from heedmap.models import Adapter


class Kinds:
    """The kind that is chosen: asked for once a run, however many models are tried."""

    def __init__(self) -> None:
        self._place = st.container()
        self._chosen: str | None = None

    def look(self, asked: Request) -> Source:
        """Run the model for the kind that is chosen of it."""
        adapter = picker.have(asked.model)
        if self._chosen is None:
            with self._place:
                self._chosen = _pick(adapter)
        return attention.source(asked, fitting(adapter, self._chosen))


def fitting(adapter: Adapter, kind: str) -> str:
    """Give `kind` where the model has it, its own first kind where not."""
    return kind if kind in adapter.kinds else next(iter(adapter.kinds), kind)


def _pick(adapter: Adapter) -> str:
    """Let the person choose a kind, where the model has several."""
    kinds = adapter.kinds or tuple(KINDS)[:1]  # without any, the record says why
    key = link.choice("kind", kinds, kinds[0])
    if len(kinds) == 1:
        return kinds[0]
    return str(
        st.segmented_control(
            "Attention", kinds, key=key, format_func=lambda kind: KINDS[kind].name,
            required=True, width="stretch",
            help="  \n".join(f"{KINDS[kind].name}: {KINDS[kind].reading}" for kind in kinds),
        )
    )  # fmt: skip
