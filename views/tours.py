"""Guided views for a newcomer: what to look at, and which maps show it.

A tour names no head and no channel: rules pick them in the photo at hand, or in two sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from heedmap.languages import Phrase
from heedmap.views import attention, channels, reasons, two_texts, why, words
from heedmap.views.attention import Map
from heedmap.views.reasons import Reason
from heedmap.views.render import Drawable
from heedmap.views.request import TextRequest
from heedmap.views.two_texts import Compared

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from heedmap.views.request import Request

Reader: TypeAlias = "Callable[[Adapter, Request, Any], Any]"  # `attention.source`, say
Ask: TypeAlias = "Callable[[str, Reader], Any]"  # the id of a model -> the photo in that model
Found: TypeAlias = "tuple[Sequence[Drawable | Reading], Mapping[str, str]]"


@dataclass(frozen=True)
class Reading:
    """What one token of a sentence attends to in one head.

    Attributes:
        tokens: (N,) of the sentence.
        kinds: (N,), see `Encoded`.
        values: (N,) float, its attention.
        at: the number of the token.
    """

    tokens: Sequence[str]
    kinds: Sequence[str]
    values: np.ndarray
    at: int


@dataclass(frozen=True)
class Tour:
    """One guided view.

    Attributes:
        name: in keys.
        title: its name for people.
        told: what to look at, two sentences.
        larger: what a large model shows more, one sentence.
        page: the name of the page that shows it.
        find: what is shown of a photo, and the settings that its page has then.
    """

    name: str
    title: str
    told: str
    larger: str
    page: str
    find: Callable[[Ask], Found]


def _depth(ask: Ask) -> Found:
    source = ask("bundled-clip", attention.source)
    last = source.depth - 1
    return [Map(source, 0), Map(source, last)], {"first": "0", "second": str(last)}


def _apart(ask: Ask) -> Found:
    source = ask("bundled-vit", attention.source)
    layer, *heads = most_different(source.maps)
    first, second = map(str, heads)
    asked = {"layer": str(layer), "head": first, "two": "1"}
    shown = [Map(source, layer, head) for head in (first, second)]
    return shown, {**asked, "layer2": str(layer), "head2": second}


def _registers(ask: Ask) -> Found:
    return _beside(ask, "bundled-vit", "bundled-vit-reg")


def _clip(ask: Ask) -> Found:
    return _beside(ask, "bundled-vit", "bundled-clip")


def _beside(ask: Ask, first: str, second: str) -> Found:
    """The last layers of two models, mean of all heads."""
    shown = [Map(s, s.depth - 1) for s in (ask(id, attention.source) for id in (first, second))]
    left, right = (str(each.layer) for each in shown)
    asked = {"model": first, "layer": left, "head": attention.MEAN, "two": "1"}
    return shown, {**asked, "model2": second, "layer2": right, "head2": attention.MEAN}


def _channels(ask: Ask) -> Found:
    rows = ask("bundled-cnn", channels.source).strongest(1)
    ends = [list(rows.values())[at][0] for at in (0, -1)]
    return ends, {"channel": ends[1].name}


def _why(ask: Ask) -> Found:
    return ask("bundled-vit", _reasons), {"methods": "~".join(_METHODS)}


_METHODS = ("raw", "relevance")


def _reasons(adapter: Adapter, request: Request, _: object) -> list[Reason]:
    """What attention reads, and what of it counts for the most probable class."""
    source = why.source(adapter, request)
    return [reasons.reason(adapter, source, method) for method in _METHODS]


def _negation(ask: Ask) -> Found:
    both: Compared = ask("bundled-bert", _compared)
    layer, head, word = both.furthest()
    shown = [
        Reading(one.found.tokens, one.encoded.kinds, one.found.attention[layer, head, at], at)
        for one, at in zip((both.first, both.second), both.pairs[word], strict=True)
        if one.found.attention is not None
    ]
    at = str(both.pairs[word][0])
    return shown, {"mode": "compare", "layer": str(layer), "head": str(head), "word": at}


def _compared(adapter: Adapter, *_: object) -> Compared:
    """The two sentences with which the page of words opens, one by one."""
    texts = words.EXAMPLES["compare"]
    return two_texts.compared(
        *(words.source(adapter, TextRequest(text, adapter.id)) for text in texts)
    )


def most_different(maps: Sequence[np.ndarray]) -> tuple[int, int, int]:
    """The layer and the two heads in it whose maps correlate least.

    Args:
        maps: (heads, rows, cols) float32 for each layer; a layer of one head has no pair.
    """
    found = []
    for layer, heads in enumerate(maps):
        flat = np.asarray(heads, np.float64).reshape(len(heads), -1)
        flat -= flat.mean(axis=1, keepdims=True)
        size = np.linalg.norm(flat, axis=1)
        scale = np.outer(size, size)
        alike = np.divide(flat @ flat.T, scale, out=np.ones_like(scale), where=scale > 0)
        pairs = zip(*np.triu_indices(len(heads), 1), strict=True)
        found += [(alike[i, j], layer, int(i), int(j)) for i, j in pairs]
    return min(found)[1:]


TOURS = (
    Tour(
        "depth",
        Phrase("Early against late layers"),
        Phrase(
            "On the left the first layer, on the right the last: early layers look at edges, "
            "colours and what is close, late ones gather what the photo is about. Go through "
            "the layers between them and see when the subject stands out."
        ),
        Phrase("CLIP ViT-L/14 has 24 layers, and the change goes further."),
        "clip",
        _depth,
    ),
    Tour(
        "heads",
        Phrase("Heads that specialise"),
        Phrase(
            "These are the two heads of one layer whose maps differ most in this photo. The "
            "model was not told where to look: each head found its own way to read."
        ),
        Phrase("DINO ViT-S/8 shows heads for objects and for their parts."),
        "vit",
        _apart,
    ),
    Tour(
        "registers",
        Phrase("Registers and outliers"),
        Phrase(
            "Models may store what they know of the whole photo in a few patches of plain "
            "background, which then outshine all others. The model on the right has registers, "
            "tokens of its own for such notes, so that its patches can stay clean."
        ),
        Phrase(
            "Small models hardly need such a store; DINOv2-L with and without registers shows "
            "it well."
        ),
        "vit",
        _registers,
    ),
    Tour(
        "clip",
        Phrase("The same photo in CLIP and in a ViT"),
        Phrase(
            "On the left a ViT that learned from photos and labels, on the right a CLIP that "
            "went on from it and learned which caption belongs to which photo. What a model "
            "was taught moves where it looks."
        ),
        Phrase(
            "OpenAI’s CLIP and DINOv2 differ more: one reads what captions tell, one what "
            "things are."
        ),
        "vit",
        _clip,
    ),
    Tour(
        "channels",
        Phrase("What a CNN’s channels answer to"),
        Phrase(
            "A CNN has no attention: each channel of a layer answers to one pattern wherever "
            "it is. On the left the strongest channel of an early layer, fine and close to "
            "edges; on the right that of a late one, coarse and close to parts of things."
        ),
        Phrase("ResNet-50 has up to 2048 channels a layer, many of which answer to one thing."),
        "cnn",
        _channels,
    ),
    Tour(
        "why",
        Phrase("What is read, and what counts"),
        Phrase(
            "On the left where the last layer reads, the same for every class. On the right "
            "what of it raised the score of the class that the model is most sure of, by one "
            "method of several: they disagree, and the page says how far to trust each."
        ),
        Phrase("ViT-B/16 knows 1000 classes, and which of them is asked about moves the map."),
        "why",
        _why,
    ),
    Tour(
        "negation",
        Phrase("Not good against good"),
        Phrase(
            "Two sentences that differ in one small word, read by a language model. Shaded is what "
            "the framed word attends to, in the head where the two part most; heads that just read "
            "the token before, the next one or the same are passed over."
        ),
        Phrase("BERT base has 144 heads and has read far more texts."),
        "words",
        _negation,
    ),
)
