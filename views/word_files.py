"""Files of a head over a text to download, and the program that makes its numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from heedmap import viz
from heedmap.views import names
from heedmap.views.attention import MEAN
from heedmap.views.words import WordMap


@dataclass(frozen=True)
class Figure:
    """The matrix of one head as a figure; drawn by `png` and `pdf`. Its name holds no words."""

    shown: WordMap

    @property
    def name(self) -> str:
        """Of its file, without extension."""
        return file_name(self.shown)

    @property
    def values(self) -> np.ndarray:
        """(n, n) float32; of a long text with neighbours averaged."""
        return self.shown.values if self.shown.whole else self.shown.small

    @property
    def labels(self) -> Sequence[str]:
        """What stands along both axes."""
        tokens = self.shown.source.found.tokens
        count = len(self.values)
        return [tokens[at * len(tokens) // count] for at in range(count)]

    @property
    def places(self) -> Sequence[None]:
        """No token is a patch."""
        return [None] * len(self.values)

    def png(self) -> bytes:
        """The figure as PNG."""
        return viz.to_png(self._drawn())

    def pdf(self) -> bytes:
        """The figure as PDF, one page."""
        return viz.to_pdf(self._drawn())

    def _drawn(self) -> Any:
        shown = self.shown
        footer = f"{len(shown.source.found.tokens)} tokens. {shown.told}"
        return viz.matrix_figure(self, f"{shown.source.model}: {shown.title}", footer[:150])


def npz(shown: WordMap) -> bytes:
    """The numbers of a view: "tokens", "attention" (N, N) float32 of the shown head, and of a short
    text "heads" (heads, N, N) float16 of its layer."""
    found, stream = shown.source.found, io.BytesIO()
    heads = {} if found.attention is None else {"heads": found.attention[shown.layer]}
    np.savez_compressed(stream, tokens=np.array(found.tokens), attention=shown.values, **heads)
    return stream.getvalue()


def file_name(shown: WordMap) -> str:
    """The name of a file of one head, without extension."""
    whole = f"words-{shown.source.request.model}-layer{shown.layer}-{names.of_head(shown.head)}"
    return re.sub(r"[^\w.]+", "-", whole).strip("-.")[:150]


def python(shown: WordMap) -> str:
    """A program whose `values` are those of the shown head."""
    request, head = shown.source.request, "None" if shown.head == MEAN else shown.head
    pair = "" if request.pair is None else f", {request.pair!r}"
    return (
        "from heedmap import models, viz\n\n"
        f"adapter = viz.reader(models.load({request.model!r}))\n"
        f"text = adapter.encode({request.text!r}{pair})\n"
        f"values = viz.text_head(adapter, text, layer={shown.layer}, head={head})\n"
        "# (N, N) float32 for text.tokens, row = query, column = key\n"
    )
