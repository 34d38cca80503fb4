"""Attention over the words of a text: taken from a forward pass by layer and head."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.views import overview, passes
from heedmap.views.attention import MEAN, head_name, percent
from heedmap.views.cache import MEGABYTE, kept
from heedmap.views.facts import Facts
from heedmap.views.request import TextRequest

if TYPE_CHECKING:
    from heedmap.models import Adapter, Encoded
    from heedmap.viz import Guess, TextAttention

EXAMPLES = {  # mode: the texts that the page opens with
    "one": ("The cat that the dogs chased was not hungry.", ""),
    "pair": ("The cat was hungry.", "It ate a fish."),
    "compare": ("The movie was not good.", "The movie was good."),
}
SINKS = ("first", "cls", "sep", "punctuation")  # names of numbers
MOSTLY = 0.5  # the share from which on a head is said to do one thing
EVEN = 0.95  # the entropy from which on it is said to do none

COLUMNS = {
    "distance": Phrase("Mean distance, tokens"),
    "entropy": Phrase("Entropy, 0 to 1"),
    "itself": Phrase("On itself"),
    "before": Phrase("On the token before"),
    "next": Phrase("On the next token"),
    "first": Phrase("On the first token"),
    "cls": Phrase("On [CLS]"),
    "sep": Phrase("On [SEP]"),
    "punctuation": Phrase("On punctuation"),
    "pad": Phrase("On padding"),
}
_SHORT = {"distance": Phrase("Mean distance"), "entropy": Phrase("Entropy")}
DOES = {
    "itself": Phrase("Each token reads mostly itself"),
    "before": Phrase("Each token reads mostly the one before it"),
    "next": Phrase("Each token reads mostly the next one"),
    "cls": Phrase("Most goes to [CLS]"),
    "sep": Phrase("Most goes to [SEP]"),
    "punctuation": Phrase("Most goes to punctuation"),
    "first": Phrase("Most goes to the first token"),
}
SINK = Phrase(
    "an attention sink. A head that finds nothing to read leaves its attention there, so it says "
    "little of the text (Clark et al. 2019; Xiao et al. 2023)."
)


@dataclass(frozen=True)
class Source:
    """The attention of all layers and heads over a text.

    Attributes:
        request: the forward pass that it comes from.
        model: the title of the model.
        found: what was recorded.
        fills: what the model guesses; see `TextAdapter`.
        mask: its masked token, "" where it has none.
    """

    request: TextRequest
    model: str
    found: TextAttention
    fills: str
    mask: str

    @property
    def encoded(self) -> Encoded:
        """The text as the model reads it."""
        return self.found.encoded

    @property
    def first(self) -> tuple[int, str]:
        """The layer and the head to show first: the most concentrated one that reads words.

        Of the heads that give sinks, themselves and their neighbours less than half each, the one
        with the least entropy; the mean of the last layer where there is none.
        """
        numbers = self.found.numbers
        plain = np.ones_like(numbers["entropy"], bool)
        for name in DOES:
            plain &= numbers.get(name, np.zeros_like(plain)) < MOSTLY
        if not plain.any():
            return self.found.depth - 1, MEAN
        at = np.where(plain, numbers["entropy"], np.inf).argmin()
        layer, head = np.unravel_index(at, plain.shape)
        return int(layer), str(head)

    @property
    def hint(self) -> str:
        """What a click on a word shows."""
        if self.fills == "masked":
            return Phrase(
                "Click a word to keep what it attends to, and what {model} would put in its place.",
                model=self.model,
            )
        if self.fills == "next":
            return Phrase(
                "Click a word to keep what it attends to, and what {model} thinks comes after it.",
                model=self.model,
            )
        return Phrase("Click a word to keep what it attends to.")

    def asked(self, at: int | None) -> TextRequest:
        """What a model is asked that guesses the word at one place: the text without this word."""
        hides = self.mask and at is not None and self.encoded.kinds[at] in ("word", "punctuation")
        return replace(self.request, hidden=at) if hides else self.request


def source(adapter: Adapter, request: TextRequest, part: None = None) -> Source:
    """All attention over a text; runs the model unless that pass is cached.

    Raises:
        HeedmapError: as `passes.text`.
    """
    model = viz.reader(adapter)
    found = passes.text(adapter, request)
    return Source(request, model.title, found, model.fills, model.mask)


@dataclass(frozen=True)
class WordMap:
    """One head of a text, or the mean of all heads of a layer.

    Attributes:
        source: where it comes from.
        layer: its number.
        head: an index, or `attention.MEAN`.
        values: (N, N) float32, row = query, column = key.
    """

    source: Source
    layer: int
    head: str
    values: np.ndarray

    @property
    def title(self) -> str:
        """Its name."""
        return Phrase("Layer {layer}, {head}", layer=self.layer, head=head_name(self.head))

    @property
    def whole(self) -> bool:
        """Whether the text is short enough for its whole matrix to be sent to the browser."""
        return self.source.found.attention is not None

    @cached_property
    def small(self) -> np.ndarray:
        """(n, n) float32, neighbouring tokens averaged."""
        return _of(self.source.found.small, self.layer, self.head)

    def number(self, name: str) -> float | None:
        """One of its numbers, None where there is none."""
        found = self.source.found.numbers.get(name)
        return None if found is None else float(_of(found, self.layer, self.head))

    def uniform(self, name: str) -> float:
        """What attention to all alike would have."""
        return float(self.source.found.uniform[name][self.layer])

    @property
    def told(self) -> str:
        """What it does, in a sentence or two."""
        for name, words in DOES.items():
            share = self.number(name) or 0.0
            if share >= MOSTLY and (name != "first" or "cls" not in self.source.found.numbers):
                times = share / max(self.uniform(name), 1e-9)
                told = Phrase(
                    "{words}: {share}, {times:.1f} times an even share",
                    words=words, share=percent(share), times=times,
                )  # fmt: skip
                if name in SINKS:
                    return Phrase("{told}: {sink}", told=told, sink=SINK)
                return Phrase("{told}.", told=told)
        if (self.number("entropy") or 0.0) >= EVEN:
            return Phrase("It spreads nearly evenly over all tokens that it may attend to.")
        return Phrase("No single rule: point at a word to see what it reads.")

    @property
    def facts(self) -> Facts:
        """What is shown, in words."""
        found = self.source.found
        told: Facts = [
            (Phrase("Model"), self.source.model),
            (Phrase("Tokens"), f"{len(found.tokens)}"),
            (Phrase("Layer"), f"{self.layer} of 0 to {found.depth - 1}"),
            (
                Phrase("Head"),
                self.head if self.head == MEAN else f"{self.head} of 0 to {found.heads - 1}",
            ),
        ]
        for name in ("entropy", "distance", *SINKS):
            value = self.number(name)
            if value is not None:
                told.append(
                    (_SHORT.get(name, COLUMNS[name]), _told(name, value, self.uniform(name)))
                )
        return told


def word_map(adapter: Adapter, source: Source, layer: int, head: str) -> WordMap:
    """One head of a text; of a long one the model runs again, for this head alone.

    Raises:
        HeedmapError: as `passes.text`.
    """
    whole = source.found.attention
    if whole is not None:
        values = _of(whole, layer, head).astype(np.float32)
    else:
        one = None if head == MEAN else int(head)
        values = passes.text_head(adapter, source.request, layer, one)
    return WordMap(source, layer, head, values)


def guesses(adapter: Adapter, source: Source, at: int | None) -> tuple[Guess, ...]:
    """What the model guesses: for each mask and in place of a word, or what comes behind a word.

    Raises:
        HeedmapError: as `passes.text`.
    """
    behind = at if source.fills == "next" else None
    return passes.guesses(adapter, source.asked(at), behind)


@kept(
    16 * MEGABYTE,
    lambda sprite: len(sprite.src),
    key=lambda source, colormap: (source.request, colormap),
)
def sprite(source: Source, colormap: str) -> overview.Sprite:
    """A small picture of every layer and head, each on its own scale."""
    layers = [np.concatenate([heads.mean(0)[None], heads]) for heads in source.found.small]
    return overview.of_layers([_bounded(layer) for layer in layers], "map", colormap)


def rows(source: Source) -> list[dict[str, float]]:
    """For each head "layer", "head" and its numbers."""
    numbers = source.found.numbers
    return [
        {
            "layer": layer,
            "head": head,
            **{name: float(numbers[name][layer, head]) for name in COLUMNS if name in numbers},
        }
        for layer, head in np.ndindex(source.found.small.shape[:2])
    ]


def csv_of(source: Source) -> str:
    """The numbers of all heads as a table; what attention to all alike would have comes last."""
    table, stream = rows(source), io.StringIO()
    writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: f"{value:.6g}" for key, value in row.items()} for row in table)
    for layer in range(source.found.depth):
        even = {name: f"{source.found.uniform[name][layer]:.6g}" for name in list(table[0])[2:]}
        writer.writerow({"layer": str(layer), "head": "uniform", **even})
    return stream.getvalue()


def _of(numbers: np.ndarray, layer: int, head: str) -> np.ndarray:
    """One head of (layers, heads, ...), or the mean of all."""
    layers = numbers[layer]
    found = layers.mean(0, dtype=np.float32) if head == MEAN else layers[int(head)]
    return np.asarray(found)


def _bounded(maps: np.ndarray) -> np.ndarray:
    """Maps without what outshines all other cells: a sink would leave the rest dark."""
    ends = np.percentile(maps, 99, axis=(1, 2), keepdims=True)
    return np.asarray(np.minimum(maps, np.where(ends > 0, ends, np.inf)))


def _told(name: str, value: float, even: float) -> str:
    if name == "distance":
        return Phrase("{value:.1f} tokens (evenly {even:.1f})", value=value, even=even)
    if name == "entropy":
        return Phrase("{value:.2f}, 1 is evenly", value=value)
    return Phrase("{share} (evenly {even})", share=percent(value), even=percent(even))
