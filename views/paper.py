"""How what is taken along is laid out, and what it can be had as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from heedmap import viz
from heedmap.languages import Phrase

MM = 25.4  # in an inch
ON_SCREEN = 110  # dpi of a figure that is shown before it is made


@dataclass(frozen=True)
class Paper:
    """How a figure is laid out.

    Attributes:
        width: mm.
        dpi: of a PNG.
        columns: pictures a row, 0 for those of the page.
        photo: whether the photo comes first.
        title: whether there is a title.
        bar: whether there are colour bars with numbers.
        told: whether facts stand under the figure.
        transparent: whether there is no ground.
    """

    width: float = 180.0
    dpi: int = 300
    columns: int = 0
    photo: bool = False
    title: bool = True
    bar: bool = True
    told: bool = True
    transparent: bool = False


class Preview(NamedTuple):
    """A figure before it is made: as PNG, and the letters of it that no font here holds."""

    png: bytes
    missing: str

    @classmethod
    def of(cls, figure: Any) -> Preview:
        """A figure of Matplotlib as it will look."""
        missing = viz.missing_letters(figure)
        return cls(viz.to_png(figure, ON_SCREEN), missing)


class Format(NamedTuple):
    """A kind of file: its words, its extension, its media type."""

    words: str
    extension: str
    mime: str


FORMATS = {
    "png": Format(Phrase("Figure, PNG"), "png", "image/png"),
    "pdf": Format(Phrase("Figure, PDF"), "pdf", "application/pdf"),
    "svg": Format(Phrase("Figure, SVG"), "svg", "image/svg+xml"),
    "picture": Format(Phrase("The picture alone, PNG"), "png", "image/png"),
    "npz": Format(Phrase("Values, NPZ"), "npz", "application/octet-stream"),
    "npy": Format(Phrase("Values, NPY"), "npy", "application/octet-stream"),
    "csv": Format(Phrase("Values, CSV"), "csv", "text/csv"),
    "zip": Format(Phrase("Everything, ZIP"), "zip", "application/zip"),
}
LAID_OUT = ("png", "pdf", "svg", "zip")  # those that a `Paper` changes


class Taken(Protocol):
    """Something that can be taken along."""

    @property
    def label(self) -> str:
        """What it is, for the visitor."""

    @property
    def name(self) -> str:
        """Of its file, without extension."""

    @property
    def kinds(self) -> Sequence[str]:
        """The keys of `FORMATS` that it can be had as."""

    def make(self, kind: str, paper: Paper) -> bytes:
        """It as a file."""

    def preview(self, paper: Paper) -> Preview:
        """Its figure before it is made."""

    def holds(self, kind: str) -> str:
        """What a file without a layout holds, in a sentence."""

    def python(self, paper: Paper) -> str:
        """A program that makes it."""
