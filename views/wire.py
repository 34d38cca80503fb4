"""Values as bytes, between a server and the engine: plain data, arrays and records of `viz`.

The bytes are an NPZ file without pickles: its entry "about" says as JSON how the value is built,
the others are its arrays.

Maps may travel as float16, each array times the power of two that makes its greatest value
just fit: a value keeps 11 bits (it changes by 1/2048 of itself at most) unless it is less than
2^-28 of the greatest. Vectors, such as logits, stay as they are.
"""

from __future__ import annotations

import io
import json
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from heedmap import models, viz
from heedmap.languages import Phrase
from heedmap.languages.wire import read, written

# What may travel, by the room that it is from.
RECORDS = {
    models: ("Encoded", "Prepared"),
    viz: (
        "Activations", "Attention", "AttentionMatrix", "Curves", "Explanation", "Faithfulness",
        "Features", "Guess", "LayerQueries", "Prompt", "TextAttention", "TextReason", "TextTarget",
        "WordMaps",
    ),
}  # fmt: skip
_HOME = {name: room for room, names in RECORDS.items() for name in names}
_TOP = 15  # 2^15 is the greatest power of two in float16


def packed(value: Any, half: bool = False) -> bytes:
    """A value as bytes.

    Args:
        value: None, truths, numbers, texts, phrases, slices, arrays, tensors, records of
            `RECORDS`, and tuples, lists and dicts of these; lists come back as tuples.
        half: whether arrays of float32 with more than one axis become float16.

    Raises:
        TypeError: anything else.
    """
    arrays: list[np.ndarray] = []
    about = json.dumps(_Packing(arrays, half).of(value))
    stream = io.BytesIO()
    named: dict[str, Any] = {str(number): array for number, array in enumerate(arrays)}
    np.savez(stream, allow_pickle=False, about=np.array(about), **named)
    return stream.getvalue()


def unpacked(content: bytes) -> Any:
    """The value that `packed` was given.

    Raises:
        ValueError, KeyError, TypeError, OSError: bytes that it did not make.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as entries:
        return _built(json.loads(str(entries["about"])), entries)


class _Packing:
    """Values as JSON; arrays go into a list."""

    def __init__(self, arrays: list[np.ndarray], half: bool) -> None:
        self._arrays, self._half = arrays, half

    def of(self, value: Any) -> Any:
        """Plain values as they are, all else as an object that says in its one key what it is."""
        if isinstance(value, Phrase):
            return {"phrase": written(value)}
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            return {"array": self._kept(value)}
        if isinstance(value, tuple | list):
            return {"tuple": [self.of(each) for each in value]}
        if isinstance(value, dict):
            return {"dict": [[self.of(key), self.of(each)] for key, each in value.items()]}
        if isinstance(value, slice):
            return {"slice": [value.start, value.stop, value.step]}
        if hasattr(value, "detach"):
            return {"tensor": self._kept(value.detach().cpu().numpy())}
        return {"record": [type(value).__name__, self._fields(value)]}

    def _fields(self, record: Any) -> dict[str, Any]:
        if not is_dataclass(record) or type(record).__name__ not in _HOME:
            raise TypeError(f"{type(record).__name__} does not travel")
        return {each.name: self.of(getattr(record, each.name)) for each in fields(record)}

    def _kept(self, array: np.ndarray) -> list[int | None]:
        """The number of an array among all; of a half one the power of two it was taken times."""
        power = None
        if self._half and array.dtype == np.float32 and array.ndim > 1:
            array, power = halved(array)
        self._arrays.append(array)
        return [len(self._arrays) - 1, power]


def halved(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Float32 as float16 times a power of two, and its exponent; NaN and infinities stay."""
    greatest = np.abs(values).max(where=np.isfinite(values), initial=0)
    power = _TOP - int(np.frexp(greatest)[1]) if greatest else 0
    return np.ldexp(values, power).astype(np.float16), power


def _built(about: Any, entries: Any) -> Any:
    """The value that JSON tells of."""
    if not isinstance(about, dict):
        return about
    ((kind, said),) = about.items()
    if kind in ("array", "tensor"):
        return _array(entries, *said) if kind == "array" else _tensor(_array(entries, *said))
    if kind == "tuple":
        return tuple(_built(each, entries) for each in said)
    if kind == "dict":
        return {_built(key, entries): _built(each, entries) for key, each in said}
    if kind == "slice":
        return slice(*said)
    if kind == "phrase":
        return read(said)
    name, named = said
    made = getattr(_HOME[name], name)
    return made(**{field: _built(each, entries) for field, each in named.items()})


def _array(entries: Any, number: int, power: int | None) -> np.ndarray:
    found: np.ndarray = entries[str(number)]
    return found if power is None else np.asarray(np.ldexp(found.astype(np.float32), -power))


def _tensor(array: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(array)
