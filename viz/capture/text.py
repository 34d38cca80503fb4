"""Run a language model once and record what its tokens attend to.

`A` below is the attention of one head, (N, N): row = query, column = key, rows sum to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError, short
from heedmap.languages import Phrase
from heedmap.viz import checks
from heedmap.viz.capture.scores import BLOCK_BYTES, Formed, Scores
from heedmap.viz.capture.watch import SomeLayers
from torch.nn.functional import one_hot

if TYPE_CHECKING:
    from heedmap.models import Adapter, Encoded, TextAdapter

T = TypeVar("T")

WHOLE = 512  # tokens up to which all matrices are kept
SMALL = 48  # tokens a side of the small pictures of longer texts
KINDS = ("cls", "sep", "punctuation", "pad")  # of keys, whose shares are told


@dataclass(frozen=True)
class TextAttention:
    """Attention recorded for one text, of all layers and heads of a language model.

    Attributes:
        encoded: the text as the model reads it.
        attention: (layers, heads, N, N) float16; None for more than `WHOLE` tokens: see
            `text_head`.
        small: (layers, heads, n, n) float32, the same with neighbouring tokens averaged, n at most
            `SMALL`.
        numbers: name -> (layers, heads) float32, means over all queries that are no padding:
            "entropy", 0 (each attends to one token) to 1 (to all that it may alike): -sum A log A
            over the log of their number, of queries that may attend to more than one; "distance",
            sum of A |i - j| in tokens; "first", "itself", "before" and "next", the shares on the
            first token, the query's own place and its neighbours; "cls", "sep", "punctuation" and
            "pad", the shares on such tokens, where there are any.
        uniform: name -> (layers,) float32, what attention to all alike that a query may attend to
            would have.
    """

    encoded: Encoded
    attention: np.ndarray | None
    small: np.ndarray
    numbers: dict[str, np.ndarray]
    uniform: dict[str, np.ndarray]

    @property
    def tokens(self) -> tuple[str, ...]:
        """(N,) the tokens, as the tokenizer cuts the text."""
        return self.encoded.tokens

    @property
    def depth(self) -> int:
        """Layers."""
        return len(self.small)

    @property
    def heads(self) -> int:
        """Heads a layer."""
        return int(self.small.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        whole = 0 if self.attention is None else self.attention.nbytes
        return whole + self.small.nbytes + sum(each.nbytes for each in self.numbers.values())


@dataclass(frozen=True)
class _Kept:
    """Of one layer: its matrices or None, small ones, and numbers (heads + 1, names)."""

    whole: torch.Tensor | None
    small: torch.Tensor
    numbers: torch.Tensor


def record_text(
    adapter: Adapter, text: str, pair: str | None = None, length: int | None = None
) -> TextAttention:
    """Run the model once and record the attention of all its layers and heads.

    Args:
        adapter: a language model.
        text: what it reads.
        pair: a second text behind it.
        length: tokens to fill it up to; see `TextAdapter.encode`.

    Raises:
        SettingError: no such model, an empty text, or one that is too long.
        CaptureError: a model whose attention cannot be watched, and why.
    """
    model = reader(adapter)
    return record_encoded(model, model.encode(text, pair, length))


def record_encoded(adapter: Adapter, x: Encoded) -> TextAttention:
    """The same of a text that `adapter.encode` has cut.

    Raises:
        As `record_text`.
    """
    asked = _Asked(x, len(x) <= WHOLE)
    kept: list[_Kept] = _of_layers(reader(adapter), x, asked.keep)
    numbers = torch.stack([layer.numbers for layer in kept]).numpy()  # (layers, heads + 1, names)
    by_name = dict(zip(asked.names, np.moveaxis(numbers, -1, 0), strict=True))
    whole = [layer.whole for layer in kept if layer.whole is not None]
    return TextAttention(
        x,
        torch.stack(whole).numpy() if whole else None,
        torch.stack([layer.small for layer in kept]).numpy(),
        {name: each[:, :-1] for name, each in by_name.items()},
        {name: each[:, -1] for name, each in by_name.items()},
    )


def text_head(adapter: Adapter, x: Encoded, layer: int, head: int | None = None) -> np.ndarray:
    """Run the model once and keep one head's attention, (N, N) float32, rows sum to 1.

    Args:
        adapter: a language model.
        x: what `adapter.encode` returned.
        layer: 0 to `adapter.depth` - 1; -1 is the last.
        head: 0 to `adapter.heads` - 1; -1 is the last; None is the mean of all.

    Raises:
        SettingError: no such layer or head.
        CaptureError: as `record_text`.
    """
    model = reader(adapter)
    depth, heads = model.depth, adapter.heads
    sentence = f"{adapter.title} has no layer {{}}: choose 0 to {depth - 1}, or -1 for the last."
    index = checks.whole(layer, sentence, -depth, depth - 1) % depth
    if head is not None:
        sentence = f"{adapter.title} has no head {{}}: choose 0 to {heads - 1}, or -1 for the last."
        head = checks.whole(head, sentence, -heads, heads - 1) % heads

    def keep(attention: Scores | Formed) -> torch.Tensor:
        one = attention if head is None else attention.of_head(head)
        found = torch.empty(len(x), len(x))
        for some, weights in _blocks(one):
            found[some] = weights.mean(0).cpu()
        return found

    kept: list[torch.Tensor] = _of_layers(model, x, keep, index)
    return kept[index].numpy()


def reader(adapter: Adapter) -> TextAdapter:
    """A language model itself, or the text tower of a CLIP or SigLIP as one.

    Raises:
        SettingError: no such model.
    """
    from heedmap.models import Adapter, TextAdapter

    if isinstance(adapter, TextAdapter):
        return adapter
    if isinstance(adapter, Adapter) and "text" in adapter.can:
        tower = adapter.text
        return TextAdapter(
            tower.module.text_model, adapter.id, adapter.title, tower.words.tokenizer
        )
    raise SettingError(
        "{adapter} is not a language model: pass what models.wrap(module, tokenizer=tokenizer) "
        "returns.",
        adapter=short(adapter),
    )


class _Asked:
    """What is kept of each layer of a text."""

    def __init__(self, x: Encoded, whole: bool) -> None:
        count = len(x)
        place = torch.arange(count)
        self.queries = torch.tensor([kind != "pad" for kind in x.kinds]).float()
        kinds = [kind for kind in KINDS if kind in x.kinds]
        on = [torch.tensor([each == kind for each in x.kinds]) for kind in kinds]
        self.names = ("entropy", "distance", "itself", "before", "next", "first", *kinds)
        self.whole = whole
        self.small = min(SMALL, count)
        self.group = place * self.small // count  # where each token is in the small picture
        cells = one_hot(self.group, self.small)
        self.sums = torch.cat([cells, torch.stack([place == 0, *on], 1)], 1).float()  # of keys

    def keep(self, attention: Scores | Formed) -> _Kept:
        heads, count = _shape(attention)
        whole = torch.empty(heads, count, count, dtype=torch.float16) if self.whole else None
        small = torch.zeros(heads, self.small, self.small)
        sums = torch.zeros(heads + 1, len(self.names))
        of = torch.zeros(len(self.names))
        for some, found in _blocks(attention):
            weights = found.cpu()
            if whole is not None:
                whole[:, some] = weights.half()
            summed = weights @ self.sums  # (heads, some, n + 1 + kinds)
            small.index_add_(1, self.group[some], summed[..., : self.small])
            numbers, counted = self._numbers(weights, summed, some)
            sums += numbers
            of += counted
        sizes = torch.bincount(self.group, minlength=self.small)
        return _Kept(whole, small / sizes[:, None] / sizes, sums / of.clamp(min=1))

    def _numbers(
        self, weights: torch.Tensor, summed: torch.Tensor, some: slice
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Sums over queries (heads + 1, names), last those of attention to all alike; and of how
        many queries."""
        queries, open_ = self.queries[some], weights.amax(0) > 0
        count = open_.sum(-1)  # keys that each query may attend to
        alike = (open_ / count.clamp(min=1)[:, None])[None]
        both = (weights, summed), (alike, alike @ self.sums)
        rows = [_of_queries(each, sums[..., self.small :], count, some) for each, sums in both]
        counted = queries.sum().repeat(len(self.names))
        counted[0] = queries @ (count > 1).float()
        return queries @ torch.cat(rows), counted


def _of_queries(
    weights: torch.Tensor, shares: torch.Tensor, count: torch.Tensor, some: slice
) -> torch.Tensor:
    """The numbers of each query, (heads, some, names), from its attention (heads, some, N)."""
    places = torch.arange(some.start, some.stop)
    apart = (torch.arange(weights.shape[-1]) - places[:, None]).abs().float()
    entropy = torch.special.entr(weights).sum(-1) / count.clamp(min=2).log()
    near = [_at(weights, places + step) for step in (0, -1, 1)]
    one = [entropy, torch.linalg.vecdot(weights, apart[None]), *near]
    return torch.cat([torch.stack(one, -1), shares], -1)


def _at(weights: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """Each query's attention (heads, queries) to a key of its own, 0 where there is none."""
    there = (keys >= 0) & (keys < weights.shape[-1])
    index = keys.clamp(0, weights.shape[-1] - 1).expand(len(weights), 1, -1).mT
    return weights.gather(-1, index)[..., 0] * there


def _blocks(attention: Scores | Formed) -> Iterator[tuple[slice, torch.Tensor]]:
    """Some queries at a time and their attention (heads, some, N) float32.

    A query that may attend to nothing, as padding before a text, attends to nothing: 0, not NaN.
    """
    heads, count = _shape(attention)
    step = max(1, BLOCK_BYTES // (4 * heads * count))
    for start in range(0, count, step):
        some = slice(start, min(start + step, count))
        yield some, attention.between(some.start, some.stop).nan_to_num_(0.0)


def _shape(attention: Scores | Formed) -> tuple[int, int]:
    """Heads and N."""
    rows = attention.query if isinstance(attention, Scores) else attention.weights
    return len(rows), attention.keys


def _of_layers(
    adapter: TextAdapter,
    x: Encoded,
    keep: Callable[[Scores | Formed], T],
    layer: int | None = None,
) -> list[T]:
    """Run the model and keep something of each layer, or of one and None of the others.

    Raises:
        CaptureError: no attention was seen, or that of fewer or more layers than the model has.
    """
    watch = SomeLayers(len(x), 0, layer, keep)
    with watch:
        adapter.read(x)
    if len(watch.layers) == adapter.depth:
        found: list[T] = watch.layers
        return found
    raise CaptureError(
        "{title} shows no attention over its words: {why}; choose another model.",
        title=adapter.title,
        why=_why(adapter, watch),
    )


def _why(adapter: TextAdapter, watch: SomeLayers) -> str:
    if watch.layers:
        return Phrase(
            "{seen} layers of attention were seen where {depth} are known",
            seen=len(watch.layers),
            depth=adapter.depth,
        )
    if watch.others:
        queries, keys = watch.others[0]
        return Phrase(
            "it attends from {queries} to {keys} tokens, not from each word to each word",
            queries=queries,
            keys=keys,
        )
    return Phrase("its attention does not pass through a call that can be watched")
