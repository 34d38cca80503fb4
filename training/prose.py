"""English text that may be used freely and is easily had: WordNet and Python's reference.

WordNet's definitions and examples come from the Debian package `wordnet-base` (its own licence,
which permits any use); Python's reference from the interpreter that runs this (`pydoc_data.topics`,
the PSF's licence).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

WORDNET = Path("/usr/share/wordnet")
PARTS = ("noun", "verb", "adj", "adv")
HELD_OUT = 50  # one text of so many is never trained on
SHORTEST, LEAST_LETTERS = 40, 0.85  # of a paragraph: characters, and the share of letters

Text = tuple[str, ...]  # sentences that belong together, in order


def training_texts(wordnet: Path = WORDNET) -> list[Text]:
    """All texts but those held out."""
    return [text for text in _texts(wordnet) if not _is_held_out(text)]


def held_out_texts(wordnet: Path = WORDNET) -> list[Text]:
    """Texts that no training sees."""
    return [text for text in _texts(wordnet) if _is_held_out(text)]


def _texts(wordnet: Path) -> Iterator[Text]:
    seen: set[Text] = set()
    for text in (*definitions(wordnet), *python_docs()):
        if text not in seen:
            seen.add(text)
            yield text


def _is_held_out(text: Text) -> bool:
    return zlib.crc32("\n".join(text).encode()) % HELD_OUT == 0


def definitions(wordnet: Path) -> Iterator[Text]:
    """Of each meaning its definition, then its examples.

    Raises:
        SystemExit: no WordNet there.
    """
    if not (wordnet / "data.noun").is_file():
        raise SystemExit(f"There is no WordNet in {wordnet}: apt-get install wordnet-base.")
    for part in PARTS:
        for line in (wordnet / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if not line.startswith(" "):
                yield meaning(line)


def meaning(line: str) -> Text:
    """A line of WordNet's data files as sentences."""
    facts, _, gloss = line.partition(" | ")
    words = facts.split()
    count = int(words[3], 16)
    names = [
        re.sub(r"\(\w+\)$", "", word).replace("_", " ") for word in words[4 : 4 + 2 * count : 2]
    ]
    examples = re.findall(r'"([^"]+)"', gloss)
    told = re.sub(r'[;:,\s]*"[^"]*"[^;"]*', "", gloss).strip(" ;")
    first = [f"{', '.join(names[:3])}: {told}."] if told else []
    return (*first, *(_ended(example) for example in examples))


def python_docs() -> Iterator[Text]:
    """Paragraphs of Python's reference."""
    from pydoc_data.topics import topics

    for told in topics.values():
        yield from _paragraphs(told)


def _paragraphs(told: str) -> Iterator[Text]:
    for paragraph in re.split(r"\n\s*\n", told):
        line = " ".join(paragraph.replace("*", "").replace('"', "").split())
        letters = sum(letter.isalpha() or letter == " " for letter in line)
        if len(line) >= SHORTEST and letters >= LEAST_LETTERS * len(line) and ">>>" not in line:
            yield tuple(re.split(r"(?<=[.!?]) (?=[A-Z])", line))


def _ended(sentence: str) -> str:
    sentence = sentence.strip()
    return sentence if sentence[-1:] in ".!?" else f"{sentence}."


def sentences(texts: Iterable[Text]) -> Iterator[str]:
    """All sentences one by one."""
    for text in texts:
        yield from text
