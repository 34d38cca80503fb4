"""Two texts in one model, compared token by token."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from heedmap.errors import SettingError
from heedmap.views.words import Source, WordMap

NEAR = 1 / 3  # the mean share from which on a head is said to read by place


@dataclass(frozen=True)
class Compared:
    """Two texts in one model, token by token.

    Attributes:
        first: what the first attends to.
        second: the same of the second.
        pairs: places of the tokens that both have, in the order of both.
    """

    first: Source
    second: Source
    pairs: tuple[tuple[int, int], ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens that both have."""
        return tuple(self.first.found.tokens[one] for one, _ in self.pairs)

    def other(self, at: int | None) -> int | None:
        """Where a token of the first is in the second, None where it is not."""
        return dict(self.pairs).get(-1 if at is None else at)

    def difference(self, first: WordMap, second: WordMap) -> np.ndarray:
        """The second map less the first, from and to the tokens that both have: (m, m) float32."""
        one, two = np.array(self.pairs).T
        return np.asarray(second.values[np.ix_(two, two)] - first.values[np.ix_(one, one)])

    def apart(self) -> np.ndarray:
        """How far the attention of each head moves, (layers, heads): 0 the same, 1 all of it.

        The mean of `moved` over the queries that both have.
        """
        return np.asarray(self.moved().mean(-1))

    def moved(self) -> np.ndarray:
        """The same of each token that both have: (layers, heads, m) float32.

        Half the sum of the absolute differences over the tokens that both have and, as one, all
        others (total variation).
        """
        a, b = self.first.found.attention, self.second.found.attention
        assert a is not None
        assert b is not None
        one, two = np.array(self.pairs).T
        rows = [
            whole[:, :, at].astype(np.float32)[..., at] for whole, at in ((a, one), (b, two))
        ]  # (layers, heads, m, m)
        rest = [1 - some.sum(-1) for some in rows]
        return np.asarray(np.abs(rows[1] - rows[0]).sum(-1) + np.abs(rest[1] - rest[0])) / 2

    def furthest(self) -> tuple[int, int, int]:
        """The layer, the head and the place in `pairs` of the word whose attention moves most.

        Heads that in either text give the token before, the next one or the token itself `NEAR` or
        more are passed over: theirs moves wherever a word comes in between.
        """
        kinds = self.first.encoded.kinds
        words = np.array([kinds[one] == "word" for one, _ in self.pairs])
        texts = (self.first.found.numbers, self.second.found.numbers)
        near = np.max([each[name] for each in texts for name in ("before", "next", "itself")], 0)
        far = (near < NEAR) | (near.min() >= NEAR)  # (layers, heads)
        moved = np.where(words & far[..., None], self.moved(), -1)
        layer, head, word = np.unravel_index(moved.argmax(), moved.shape)
        return int(layer), int(head), int(word)


def compared(first: Source, second: Source) -> Compared:
    """Two texts, their tokens matched by the longest runs that both have.

    Raises:
        SettingError: texts that have no token in common, or one that is too long.
    """
    if first.found.attention is None or second.found.attention is None:
        raise SettingError("Texts of at most 512 tokens can be compared: shorten the longer one.")
    same = SequenceMatcher(a=first.found.tokens, b=second.found.tokens, autojunk=False)
    runs = same.get_matching_blocks()
    pairs = tuple((a + i, b + i) for a, b, size in runs for i in range(size))
    if not pairs:
        raise SettingError("These texts have no token in common: write two that share some words.")
    return Compared(first, second, pairs)
