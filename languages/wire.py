"""Phrases sent from process to process, as JSON: the other side may be broken or hostile."""

from __future__ import annotations

import json
import re
from numbers import Integral, Number
from typing import Any

from heedmap.languages import Phrase

# A name alone, and a short form: others would reach into objects or fill the memory.
_PLACE = re.compile(r"\{[a-z_]\w*(![rs])?(:[,.\dfg%]{0,4})?\}|\{\{|\}\}")


def written(phrase: Phrase) -> str:
    """A phrase as one line of JSON."""
    return json.dumps(_parts(phrase), ensure_ascii=False)


def read(text: str) -> Phrase:
    """What was `written`; other text is the phrase itself."""
    try:
        return _phrase(json.loads(text))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Phrase(text)


def _parts(phrase: Phrase) -> list[Any]:
    return [phrase.template, {name: _part(value) for name, value in phrase.values.items()}]


def _part(value: object) -> Any:
    if isinstance(value, Phrase):
        return _parts(value)
    if isinstance(value, Number):
        return int(value) if isinstance(value, Integral) else float(value)  # type: ignore[arg-type]
    return str(value)


def _phrase(parts: Any) -> Phrase:
    template, values = parts
    if values and ("{" in (rest := _PLACE.sub("", template)) or "}" in rest):
        raise ValueError(template)
    given = {name: _phrase(v) if isinstance(v, list) else v for name, v in values.items()}
    return Phrase(str(template), **given)
