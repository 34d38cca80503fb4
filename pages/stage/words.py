"""A head over a text, as the component `words` takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from heedmap.languages import Phrase
from heedmap.views.data_urls import base64_of
from heedmap.viz.draw.matrix import upper_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heedmap.pages.stage.components.sent import Guessed, Words
    from heedmap.views.two_texts import Compared
    from heedmap.views.words import Source, WordMap
    from heedmap.viz import Guess


def sent(shown: WordMap, at: int | None, guesses: Sequence[Guess] = ()) -> Words:
    """What the browser needs of one head; of a long text the row and the column of one word."""
    encoded, values = shown.source.encoded, shown.values
    whole = shown.whole
    return {
        "tokens": list(encoded.tokens),
        "kinds": list(encoded.kinds),
        "parts": list(encoded.parts),
        "values": _half(values) if whole else "",
        "small": "" if whole else _half(shown.small),
        "row": "" if whole or at is None else _half(values[at]),
        "column": "" if whole or at is None else _half(values[:, at]),
        "received": _half(values.mean(0)),
        "high": upper_end(values if whole else shown.small),
        "at": at,
        "hint": shown.source.hint,
        "guesses": [_guessed(guess, shown.source) for guess in guesses],
    }


def _half(values: np.ndarray) -> str:
    return base64_of(values.astype(np.float16))


def _guessed(guess: Guess, source: Source) -> Guessed:
    tokens, place = source.found.tokens, guess.place
    if source.fills == "masked":
        title = Phrase(
            "What it would put in place of {token}, token {place}",
            token=tokens[place], place=place,
        )  # fmt: skip
    elif place == len(tokens):
        title = Phrase("What it thinks comes next")
    else:
        title = Phrase(
            "What it thinks comes after {token}, token {place}",
            token=tokens[place - 1], place=place - 1,
        )  # fmt: skip
    return {"title": title, "tokens": list(guess.tokens), "shares": list(guess.shares)}


def sent_difference(found: Compared, first: WordMap, second: WordMap) -> Words:
    """What the browser needs of the difference of two maps."""
    values = found.difference(first, second)
    return {
        "tokens": list(found.tokens),
        "kinds": ["word"] * len(found.tokens),
        "parts": [0] * len(found.tokens),
        "values": _half(values),
        "small": "",
        "row": "",
        "column": "",
        "received": _half(values.mean(0)),
        "high": upper_end(np.abs(values)),
        "at": None,
        "hint": Phrase("Point at the matrix, or click it to keep a word."),
        "guesses": [],
        "signed": True,
    }
