"""How well `bundled-bert` guesses masked words of texts that it never saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from heedmap import models, viz
from heedmap.errors import SettingError
from heedmap.models import Encoded, TextAdapter

from benchmarks.card import Figure, Measured
from training import prose
from training.prose import Text

SHARE = 0.15  # of the words that are hidden, as in BERT's paper


@dataclass(frozen=True)
class Hidden:
    """A text some of whose words are hidden: `places`, and the `ids` that stood there."""

    shown: Encoded
    places: list[int]
    ids: list[int]
    before: list[int]  # the tokens to the left of these


def hidden(adapter: TextAdapter, texts: Iterable[Text], seed: int = 0) -> Iterator[Hidden]:
    """Texts with words drawn at random and hidden; those too long for the model are left out."""
    rng = np.random.default_rng(seed)
    for text in texts:
        try:
            x = adapter.encode(" ".join(text))
        except SettingError:
            continue
        words = [at for at, kind in enumerate(x.kinds) if kind in ("word", "punctuation")]
        places = [at for at in words if rng.random() < SHARE]
        shown = x
        for at in places:
            shown = adapter.masked(shown, at)
        if places:
            ids = x.ids
            yield Hidden(shown, places, [ids[a] for a in places], [ids[a - 1] for a in places])


def measure() -> Measured:
    """Masked accuracy beside what guessing without a model comes to."""
    adapter = viz.reader(models.load("bundled-bert"))
    texts = list(hidden(adapter, prose.held_out_texts()))
    wanted = np.array([id for text in texts for id in text.ids])
    found = np.concatenate([best(adapter, text) for text in texts])  # (hidden, 5)
    frequent, after = counts(adapter, prose.training_texts())
    bigram = np.array([after.get(id, frequent) for text in texts for id in text.before])
    right = (found == wanted[:, None]).cumsum(1)
    shares = {
        "masked words of held-out texts guessed": right[:, 0],
        "the word among its five best": right[:, 4],
        "guessed by the most frequent token": wanted == frequent,
        "guessed by the token that most often follows the one before": wanted == bigram,
    }
    return Measured(
        [Figure(name, 100 * float(hits.mean()), "%", len(texts)) for name, hits in shares.items()],
        [],
    )


def best(adapter: TextAdapter, text: Hidden) -> np.ndarray:
    """The five most probable tokens at each place, (places, 5)."""
    logits = adapter.logits(text.shown, text.places)[0]
    return logits.topk(5).indices.cpu().numpy()


def counts(adapter: TextAdapter, texts: Iterable[Text]) -> tuple[int, dict[int, int]]:
    """The most frequent token, and for each token the one that most often follows."""
    cut = adapter.tokenizer.backend_tokenizer.encode_batch([" ".join(text) for text in texts])
    plain = set(adapter.tokenizer.all_special_ids)
    rows = [row.ids for row in cut]
    single = Counter(id for row in rows for id in row if id not in plain)
    pairs = Counter(pair for row in rows for pair in pairwise(row) if pair[1] not in plain)
    after: dict[int, int] = {}
    for (before, id), _ in pairs.most_common():
        after.setdefault(before, id)
    return single.most_common(1)[0][0], after
