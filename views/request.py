"""What one forward pass is asked for, and what every map of one has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from heedmap.languages import Phrase

if TYPE_CHECKING:
    from heedmap.models import Prepared


@dataclass(frozen=True)
class Request:
    """A photo in a model.

    Attributes:
        photo: the name of a sample or the key of an upload; see `photos`.
        model: the id of a model.
        size: the short side that the model sees, px.
        fit: "whole", "crop" or "squash"; see `Adapter.prepare`.
    """

    photo: str
    model: str
    size: int
    fit: str = "whole"


@dataclass(frozen=True)
class TextRequest:
    """A text, or a pair of texts, in a language model.

    Attributes:
        text: what it reads.
        model: the id of a model.
        pair: a second text behind the first; None for one alone.
        hidden: the number of a token that is masked; None for none.
    """

    text: str
    model: str
    pair: str | None = None
    hidden: int | None = None


class _Pass(Protocol):
    """A forward pass, and what the model saw in it."""

    @property
    def request(self) -> Request:
        """What it was asked for."""

    @property
    def seen(self) -> Prepared:
        """What the model saw."""


class _Map(Protocol):
    """A map (rows, cols) that comes from a forward pass."""

    @property
    def source(self) -> _Pass:
        """Where it comes from."""

    @property
    def values(self) -> np.ndarray:
        """(rows, cols) float32."""


class OfPass:
    """What every map has that comes from one forward pass."""

    @property
    def request(self: _Map) -> Request:
        """The forward pass that it comes from."""
        return self.source.request

    @property
    def seen(self: _Map) -> Prepared:
        """What the model saw."""
        return self.source.seen

    @property
    def strongest(self: _Map) -> str:
        """Where it is strongest, and its value there."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return Phrase(
            "row {row}, column {column} (from 0) with {value:.3g}",
            row=row, column=column, value=self.values.max(),
        )  # fmt: skip
