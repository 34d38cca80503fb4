"""Each catalogue says every sentence of the pages, with the same values, and nothing else."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest
from heedmap.languages import ENGLISH, LANGUAGES, Phrase, catalogue
from heedmap.languages.wire import read, written

from tests.languages import source

HERE = Path(source.ROOT / "languages")
OTHERS = sorted(set(LANGUAGES) - {ENGLISH})


@pytest.fixture(scope="module")
def sentences() -> dict[str, str]:
    return source.sentences()


def places(template: str) -> Counter[str]:
    """The placeholders of a template, with their forms."""
    return Counter(
        f"{name}!{conversion}:{form}"
        for _, name, form, conversion in Formatter().parse(template)
        if name is not None
    )


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_there(language: str, sentences: dict[str, str]) -> None:
    missing = {text: at for text, at in sentences.items() if text not in catalogue(language)}
    entries = "\n\n".join(
        f"#: {at}\nmsgid {_quoted(text)}\nmsgstr {_quoted('')}" for text, at in missing.items()
    )
    assert not missing, (
        f"languages/{language}.po lacks {len(missing)} sentences. Put these into it, with what "
        f"they are in {LANGUAGES[language]} between the last quotes:\n\n{entries}"
    )


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_else_is_there(language: str, sentences: dict[str, str]) -> None:
    surplus = [text for text in catalogue(language) if text not in sentences]
    assert not surplus, f"languages/{language}.po says what no page says any more: {surplus}"


@pytest.mark.parametrize("language", OTHERS)
def test_the_same_values_are_in_it(language: str) -> None:
    unlike = {
        text: other
        for text, other in catalogue(language).items()
        if set(places(text)) != set(places(other))
    }
    assert not unlike, f"the placeholders differ in {unlike}"


def test_every_sentence_can_go_to_another_process(sentences: dict[str, str]) -> None:
    for text in sentences:
        values = {name: 1 for _, name, _, _ in Formatter().parse(text) if name}
        phrase = Phrase(text, **values)
        assert read(written(phrase)) == phrase


@pytest.mark.parametrize("language", OTHERS)
def test_the_file_is_read_whole(language: str) -> None:
    text = (HERE / f"{language}.po").read_text()
    assert len(re.findall("^msgid ", text, re.MULTILINE)) == len(catalogue(language))
    assert all(catalogue(language).values()), "a sentence is not translated"


def test_every_placeholder_is_given_its_value() -> None:
    for path in source.files():
        for call in source.calls(path):
            given = {each.arg for each in call.keywords}
            if not given or None in given:
                continue
            for text in source.templates(call):
                names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
                assert names == given, f"{path.name}:{call.lineno}"


def test_no_sentence_is_an_f_string() -> None:
    """Its words could not be told from its values."""
    found = [
        f"{path.relative_to(source.ROOT)}:{call.lineno}"
        for path in source.files()
        for call in source.calls(path)
        if isinstance(call.args[0], ast.JoinedStr)
    ]
    assert not found, "write a template and its values"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
