"""How attention adds up over the layers of a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from heedmap.errors import CaptureError
from heedmap.viz import checks

if TYPE_CHECKING:
    from heedmap.viz.capture.text import TextAttention


def text_rollout(read: TextAttention, token: int) -> np.ndarray:
    """What reaches one token from each token of the input, through all layers: (N,) float32.

    The row of A'_last ... A'_first with A' = 0.5 A + 0.5 I, A the mean over heads; sums to 1.
    Abnar & Zuidema 2020, arXiv 2005.00928, section 3.

    Args:
        read: from `viz.record_text`.
        token: its number; -1 is the last.

    Raises:
        SettingError: no such token.
        CaptureError: a text of more tokens than are kept.
    """
    count = len(read.tokens)
    sentence = f"This text has no token {{}}: choose 0 to {count - 1}, or -1 for the last."
    place = checks.whole(token, sentence, -count, count - 1) % count
    if read.attention is None:
        raise CaptureError(
            f"Rollout takes the attention of all layers, which a text of {count} tokens is too "
            "long for: shorten it to 512."
        )
    row = np.zeros(count, np.float32)
    row[place] = 1.0
    for layer in read.attention[::-1]:
        mean = layer.mean(0, dtype=np.float32)
        row = 0.5 * row + 0.5 * (row @ (mean / mean.sum(-1, keepdims=True).clip(1e-9)))
    return row
