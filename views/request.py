"""What one forward pass is asked for."""

from __future__ import annotations

from dataclasses import dataclass


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
