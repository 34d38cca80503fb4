"""The languages of the pages: English stands in the source, each other one in a catalogue here.

    phrase = Phrase("Layer {layer}", layer=3)    # the str "Layer 3"
    translated(phrase, "zh")                     # "第 3 层"

A phrase is English wherever it is used as a str: in files, logs, errors and results that visitors
share. Who shows it to a visitor translates it. A catalogue is a .po file, as translators' tools
write it: `msgid` is the English template, `msgstr` the other one with the same placeholders.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import cache, reduce
from numbers import Number
from pathlib import Path
from string import Formatter
from typing import Any

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "zh": "中文"}  # by the first part of a language tag

_ENTRY = re.compile(r'^msgid (".*"(?:\n".*")*)\nmsgstr (".*"(?:\n".*")*)$', re.MULTILINE)


def number(value: float, digits: str = ".3g") -> str:
    """A number as people read it, with a true minus; `digits` is a format, as ".2f"."""
    return minus(format(value, digits))


def minus(written: str) -> str:
    """A number that is written already, with a true minus."""
    return written.replace("-", "−")


class _Formatter(Formatter):
    """Fills templates as `str.format` does, its numbers with a true minus."""

    def format_field(self, value: Any, format_spec: str) -> str:
        told = isinstance(value, Number)
        return number(value, format_spec) if told else str(format(value, format_spec))


_filled = _Formatter().format


class Phrase(str):
    """English text that remembers how to be said in another language.

    Attributes:
        template: the text; where there are values, with placeholders as of `str.format`.
        values: what the placeholders stand for; phrases among them are translated too.
    """

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Phrase:
        """Make a phrase; a phrase alone stays what it is, with values it is a template."""
        if isinstance(template, Phrase):
            if not values:
                return template
            template = template.template
        made = super().__new__(cls, _filled(template, **values) if values else template)
        made.template = template
        made.values = {name: _kept(value) for name, value in values.items()}
        return made


def _kept(value: object) -> object:
    """A value that holds on to nothing, such as the frames of an error."""
    return value if isinstance(value, str | Number) else str(value)


def translated(text: str, language: str) -> str:
    """A phrase in a language; English where its catalogue lacks it. Other text stays as it is."""
    if language == ENGLISH or not isinstance(text, Phrase):
        return text
    found = catalogue(language).get(text.template, text.template)
    values = {name: in_language(value, language) for name, value in text.values.items()}
    return _filled(found, **values) if values else found


def in_language(given: Any, language: str) -> Any:
    """What is given with all its phrases translated: a text, or lists and dicts of them."""
    if isinstance(given, str):
        return translated(given, language)
    if isinstance(given, dict):
        return {name: in_language(each, language) for name, each in given.items()}
    if isinstance(given, list | tuple):
        return type(given)(in_language(each, language) for each in given)
    return given


LIST = Phrase("{one}, {other}")


def join(texts: Sequence[str], pair: str = LIST) -> str:
    """Texts in a row, one behind the other as a template of two says; "" where there are none."""
    return reduce(lambda one, other: Phrase(pair, one=one, other=other), texts) if texts else ""


def nearest(tag: str) -> str:
    """The language of a tag such as "zh-CN", or English."""
    first = tag.lower().split("-")[0]
    return first if first in LANGUAGES else ENGLISH


@cache
def catalogue(language: str) -> dict[str, str]:
    """Templates in English and in another language; read when it is first asked for."""
    path = Path(__file__).with_name(f"{language}.po")
    if not path.is_file():
        return {}
    entries = _ENTRY.findall(path.read_text(encoding="utf-8"))
    # Strings of a .po file are C's, and those are Python's too.
    return {ast.literal_eval(f"({one})"): ast.literal_eval(f"({other})") for one, other in entries}
