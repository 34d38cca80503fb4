"""What a worker tells the run."""

from __future__ import annotations

from typing import NamedTuple


class Ready(NamedTuple):
    """The model is loaded and runs."""


class Refused(NamedTuple):
    """Nothing can be done, and why."""

    reason: str


class Progress(NamedTuple):
    """So many photos more are done."""

    photos: int


class Done(NamedTuple):
    """All photos of a list are written, and so many of them could not be mapped."""

    failed: int
