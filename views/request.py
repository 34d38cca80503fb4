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
