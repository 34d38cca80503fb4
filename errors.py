"""Everything that Heedmap raises on purpose, in one tree.

    HeedmapError
    ├── ImageError              bytes that are no usable photo
    ├── SettingError            a size, fit, layer, head, share or colour map out of range
    ├── ModelError
    │   ├── UnknownModelError   an id that the catalogue does not hold
    │   ├── DownloadError       the hub is out of reach, refuses or breaks off, or the host forbids
    │   │   └── ForbiddenError  the host does not offer this model, or none of its size
    │   └── CheckpointError     files that do not fit: missing, pickled, mismatched, too large
    ├── StoreError              the store of shared photos is out of reach, full or read-only
    ├── CaptureError            a model that showed nothing, or less than it has
    ├── EngineError             the machines that run the models are out of reach, or failed
    └── OvertakenError          a request that nobody wants any more, its visitor asked for another

Each message is one sentence for the person at the screen: it names the offending value and the
remedy. It is a template and its values, so that a page can show it in another language:

    raise ImageError("{name} is empty (0 bytes): choose another file.", name=name)
"""

from __future__ import annotations

import re
import reprlib

from heedmap.languages import Phrase


class HeedmapError(Exception):
    """The root: catch this to catch every error that Heedmap raises on purpose.

    Attributes:
        sentence: what is wrong, in English; a page translates it.
    """

    def __init__(self, sentence: str = "", /, **values: object) -> None:
        self.sentence = Phrase(sentence, **values)
        super().__init__(self.sentence)


class ImageError(HeedmapError):
    """The bytes or the file cannot be used as a photo."""


class SettingError(HeedmapError, ValueError):
    """A setting is out of its range."""


class ModelError(HeedmapError):
    """A model cannot be loaded or used."""


class UnknownModelError(ModelError, KeyError):
    """No model has this id."""

    __str__ = Exception.__str__  # KeyError would show the sentence in quotes


class DownloadError(ModelError):
    """The checkpoint's files cannot be fetched."""


class ForbiddenError(DownloadError):
    """The host does not offer this model, or none of its size."""


class CheckpointError(ModelError):
    """The checkpoint's files are there but do not fit."""


class StoreError(HeedmapError):
    """A shared photo cannot be stored, read or forgotten."""


class CaptureError(HeedmapError):
    """A forward pass ran and too little could be recorded."""


class EngineError(HeedmapError):
    """The engine that runs the models is out of reach, of another version, or failed."""


class OvertakenError(HeedmapError):
    """A request waited or ran, and nobody wants it any more: its visitor asked for another."""


_repr = reprlib.Repr()  # never spells out all of a long list
_repr.maxstring = _repr.maxother = 57


def short(value: object, most: int = 60) -> str:
    """A value as messages show it: on one line, the middle left out if longer than `most`.

    Of an array or a tensor these are its shape and type; addresses in memory are never shown.
    """
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{tuple(value.shape)} {value.dtype}"
    text = re.sub(" at 0x[0-9a-fA-F]+", "", re.sub(r"\s*\n\s*", " ", _repr.repr(value)))
    if text.startswith("<"):
        return f"an object of type {type(value).__name__}"
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"
