"""Numbers between the words of a text, and the program that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from heedmap.views.attention import MEAN
from heedmap.views.two_texts import Compared
from heedmap.views.words import WordMap


@dataclass(frozen=True)
class Numbers:
    """Numbers between tokens, and the program that makes them as `tokens` and `values`.

    Attributes:
        tokens: what stands along both axes.
        values: (N, N) float32, row = query.
        program: lines of Python.
        signed: whether zero is in the middle, as of a difference.
        more: other arrays that go with the values.
    """

    tokens: Sequence[str]
    values: np.ndarray
    program: str
    signed: bool = False
    more: dict[str, np.ndarray] = field(default_factory=dict)


def of_head(shown: WordMap) -> Numbers:
    """The attention of the head that is shown."""
    found = shown.source.found
    if found.attention is None:
        head = "None" if shown.head == MEAN else shown.head
        lines = (
            f"text = viz.reader(adapter).encode({_texts(shown)})\n"
            f"values = viz.text_head(adapter, text, {shown.layer}, {head})\n"
            "tokens = text.tokens\n"
        )
        return Numbers(found.tokens, shown.values, f"{_adapter(shown)}{lines}")
    lines = f"found = {_record(shown)}\nvalues = found.attention{_one(shown)}\n"
    more = {"heads": found.attention[shown.layer]}
    return Numbers(
        found.tokens, shown.values, f"{_adapter(shown)}{lines}tokens = found.tokens\n", more=more
    )


def pooled(shown: WordMap) -> Numbers:
    """The same of a text that is too long for its whole matrix, neighbours averaged."""
    tokens, count = shown.source.found.tokens, len(shown.small)
    lines = (
        f"found = {_record(shown)}\nvalues = found.small{_one(shown)}\n"
        "tokens = [found.tokens[at * len(found.tokens) // len(values)] for at in "
        "range(len(values))]\n"
    )
    named = [tokens[at * len(tokens) // count] for at in range(count)]
    return Numbers(named, np.asarray(shown.small, np.float32), f"{_adapter(shown)}{lines}")


def difference(found: Compared, first: WordMap, second: WordMap) -> Numbers:
    """The second of two texts less the first, between the tokens that both have."""
    one, two = map(list, zip(*found.pairs, strict=True))
    lines = (
        f"first = {_record(first)}\nsecond = {_record(second)}\n"
        f"one, two = {one}, {two}  # the tokens that both have\n"
        f"values = second.attention{_one(second)}[np.ix_(two, two)]\n"
        f"values = values - first.attention{_one(first)}[np.ix_(one, one)]\n"
        "tokens = [first.tokens[at] for at in one]\n"
    )
    program = f"import numpy as np\n{_adapter(first)}{lines}"
    return Numbers(found.tokens, found.difference(first, second), program, signed=True)


def _adapter(shown: WordMap) -> str:
    """The lines that load the model."""
    id = shown.source.request.model
    return f"from heedmap import models, viz\n\nadapter = models.load({id!r})\n"


def _record(shown: WordMap) -> str:
    return f"viz.record_text(adapter, {_texts(shown)})"


def _texts(shown: WordMap) -> str:
    request = shown.source.request
    return repr(request.text) if request.pair is None else f"{request.text!r}, {request.pair!r}"


def _one(shown: WordMap) -> str:
    """What takes one head out of all, or their mean."""
    if shown.head == MEAN:
        return f'[{shown.layer}].mean(0, dtype="float32")'
    return f'[{shown.layer}, {shown.head}].astype("float32")'
