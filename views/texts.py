"""Words on a photo: how alike each place and some texts are, on one scale. Not attention."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase, number
from heedmap.views import asked as asking
from heedmap.views.asked import Asked
from heedmap.views.classes import rounded
from heedmap.views.request import OfPass, Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

WORDS = "words"  # the colour scale that spans all texts
FIRST = ("a cat", "a dog")
MOST = 8  # texts at once
GRADIENTS = ("relevance", "legrad")
MAPS = ("value path", "similarity", *GRADIENTS)
_SMALL = 2000  # words of a vocabulary that is told
_WHAT = {
    "value path": Phrase("similarity by the value path (cosine), not attention"),
    "similarity": Phrase("similarity of patches (cosine), not attention"),
}


def method(kind: str) -> viz.Method:
    """What a map of `MAPS` assumes."""
    return viz.METHODS[kind] if kind in GRADIENTS else viz.WORD_MAPS[kind]


@dataclass(frozen=True, eq=False)
class Source:
    """Texts beside a photo in a model.

    Attributes:
        request: the photo, the model and what it sees.
        model: the title of the model.
        seen: what the model saw.
        found: the scores and the similarities of the texts.
        neutral: the text that all are weighed against.
        empty: the similarities of the neutral text, by their key in `MAPS`.
        unknown: for each text the words that the model does not know.
        vocabulary: the words that it knows, where these are few; else none.
    """

    request: Request
    model: str
    seen: Prepared
    found: viz.WordMaps
    neutral: str
    empty: dict[str, np.ndarray]
    unknown: dict[str, tuple[str, ...]]
    vocabulary: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """What was asked for."""
        return self.found.texts

    @property
    def shares(self) -> list[tuple[str, float]]:
        """How the texts share one between them and the neutral one, as (text, share)."""
        names = [f"“{text}”" for text in (*self.texts, self.neutral)]
        return list(zip(names, map(float, self.found.shares), strict=True))

    def asked(self, kind: str) -> list[Asked]:
        """What is asked for the maps of a kind that takes gradients, text by text."""
        return [Asked(self.request, kind, text) for text in self.texts]

    def similarities(self, kind: str) -> list[WordMap]:
        """The maps of a kind of similarity, text by text, on one scale of raw cosines.

        Its low end is the mean of the neutral text: a place that is no more like a text than like
        "a photo" stays clear, and so does all of a word that is absent.
        """
        maps, empty = _maps(self.found, kind), self.empty[kind]
        ends = float(empty.mean()), max(float(empty.max()), float(maps.max()))
        return [WordMap(self, kind, i, heat, ends) for i, heat in enumerate(maps)]

    def explained(self, kind: str, found: Sequence[viz.Explanation | None]) -> list[WordMap | None]:
        """The maps of a method, text by text, on the scale of all that are there."""
        maps = [each.heat for each in found if each]
        lows, highs = [float(m.min()) for m in maps], [float(m.max()) for m in maps]
        ends = min(lows, default=0.0), max(highs, default=0.0)
        return [
            WordMap(self, kind, i, each.heat, ends) if each else None
            for i, each in enumerate(found)
        ]


def source(adapter: Adapter, request: Request, texts: tuple[str, ...] | None = None) -> Source:
    """Texts beside a photo; runs the model unless that is cached.

    Raises:
        HeedmapError: as `asked.word_maps`.
    """
    words, neutral = adapter.text.words, adapter.text.neutral
    found, seen = asking.word_maps(adapter, request, texts or FIRST)
    empty, _ = asking.word_maps(adapter, request, (neutral,))
    known = words.known
    return Source(
        request, adapter.title, seen, found, neutral,
        {kind: _maps(empty, kind)[0] for kind in viz.WORD_MAPS},
        {text: words.unknown(text) for text in found.texts},
        known if len(known) <= _SMALL else (),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class WordMap(OfPass):
    """One map of one text.

    Attributes:
        source: the texts beside a photo.
        kind: a key of `MAPS`.
        index: which of the texts.
        values: (rows, cols) float32.
        ends: of the scale that all texts share.
    """

    source: Source
    kind: str
    index: int
    values: np.ndarray
    ends: tuple[float, float]

    @property
    def key(self) -> Hashable:
        """What distinguishes it from all other maps of the same pass."""
        return "words", self.kind, self.title, self.ends

    @property
    def title(self) -> str:
        """Its text."""
        return self.source.texts[self.index]

    @property
    def score(self) -> str:
        """How well its text fits the photo."""
        found, i = self.source.found, self.index
        cosine = number(found.cosines[i], ".3f")
        share = rounded(float(found.shares[i]))
        return Phrase("cosine {cosine} · {share}", cosine=cosine, share=share)

    @property
    def what(self) -> str:
        """What its values are, in words."""
        if self.kind in GRADIENTS:
            return Phrase(
                "{method}: what raises the cosine of photo and text", method=method(self.kind).name
            )
        return _WHAT[self.kind]

    @property
    def label(self) -> str:
        """The words that the model does not know, if any."""
        unknown = self.source.unknown[self.title]
        return Phrase("not in its vocabulary: {words}", words=", ".join(unknown)) if unknown else ""

    @property
    def signed(self) -> bool:
        """An unlike place is at the low end, so that an absent word looks absent."""
        return False

    def limits(self, scale: str) -> tuple[float, float]:
        """The values at the two ends of the colour bar."""
        if scale == WORDS:
            return self.ends
        return float(self.values.min()), float(self.values.max())


def _maps(found: viz.WordMaps, kind: str) -> np.ndarray:
    """(texts, rows, cols) float32."""
    return found.value_path if kind == "value path" else found.similarity
