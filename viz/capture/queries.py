"""Run a model once and keep the queries and keys of one layer: from them, every row at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from heedmap.errors import CaptureError
from heedmap.languages import Phrase
from heedmap.viz.capture.calls import check_call
from heedmap.viz.capture.reasons import why_not
from heedmap.viz.capture.rows import of_layer, of_layers
from heedmap.viz.capture.scores import Formed, Scores
from heedmap.viz.capture.tokens import layer_of, tokens_of

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

_Kept: TypeAlias = "tuple[np.ndarray, np.ndarray, np.ndarray | None]"  # queries, keys, bias


@dataclass(frozen=True)
class LayerQueries:
    """The queries and keys of one layer for one photo, small enough to send to a browser.

    `softmax(q @ k.T + bias)` is the attention of a head, rows = queries, as exact as float16 is.

    Attributes:
        layer: its number, from 0.
        q: (heads, N, d) float16, rotated, times the scale of the scores.
        k: (heads, N, d) float16, rotated, less their mean over all tokens: it adds the same to
            all scores of a query, which its softmax does not see, and would cost digits.
        bias: (1 or heads, 1 or N, N) float16, added to the scores, -inf where a key is hidden;
            None where nothing is added.
        prefix: tokens before the patches. The patch (row, col) is token prefix + row * cols + col.
        grid: (rows, cols) of the patches.
        cls: the CLS tokens, whose rows are averaged; none for a model without.
    """

    layer: int
    q: np.ndarray
    k: np.ndarray
    bias: np.ndarray | None
    prefix: int
    grid: tuple[int, int]
    cls: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.q.nbytes + self.k.nbytes + (0 if self.bias is None else self.bias.nbytes)

    def from_patch(self, row: int, column: int) -> np.ndarray:
        """What a patch attends to among the patches: (heads, rows, cols) float32."""
        rows, columns = self.grid
        found = self.row(self.prefix + row * columns + column)
        return found[:, self.prefix : self.prefix + rows * columns].reshape(-1, rows, columns)

    def row(self, token: int) -> np.ndarray:
        """What one token attends to: (heads, N) float32, sums to 1."""
        q = self.q[:, token, :, None].astype(np.float32)
        scores = (self.k.astype(np.float32) @ q)[..., 0]  # (heads, N)
        if self.bias is not None:
            scores = scores + self.bias[:, token if self.bias.shape[1] > 1 else 0]
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return np.asarray(weights / weights.sum(-1, keepdims=True), np.float32)


def record_queries(adapter: Adapter, x: Prepared, layer: int) -> LayerQueries:
    """Run the model once and keep the queries and keys of one layer.

    Args:
        adapter: a model that attends over all of the photo's tokens.
        x: the photo that `adapter.prepare` made.
        layer: 0 to `adapter.depth` - 1; -1 is the last.

    Raises:
        SettingError: no such layer, not an adapter, or a photo that it did not prepare.
        CaptureError: a model that attends within windows, from CLS alone or not at all, or one
            that forms its attention without a call that shows its queries. The sentence says what
            can be had instead.
    """
    _check(adapter, x)
    index = layer_of(adapter, layer)
    return _queries(adapter, x, index, of_layer(adapter, x, index, _scores))


def record_all_queries(adapter: Adapter, x: Prepared) -> tuple[LayerQueries, ...]:
    """Run the model once and keep the queries and keys of all its layers.

    Raises:
        SettingError, CaptureError: as `record_queries`.
    """
    _check(adapter, x)
    kept = of_layers(adapter, x, _scores)
    return tuple(_queries(adapter, x, layer, each) for layer, each in enumerate(kept))


def _check(adapter: Adapter, x: Prepared) -> None:
    check_call(adapter, x)
    if not adapter.kinds:
        raise CaptureError(why_not(adapter))
    if "windows" in adapter.kinds:
        raise _hidden(adapter, Phrase("it attends within windows"))
    if adapter.kinds == ("cls",):
        raise _hidden(adapter, Phrase("its CLS token alone attends to the patches"))


def _queries(adapter: Adapter, x: Prepared, layer: int, kept: _Kept | None) -> LayerQueries:
    if kept is None:
        raise _hidden(adapter, Phrase("it forms its attention without the call that takes them"))
    q, k, bias = kept
    cls = tuple(tokens_of(adapter, x.grid, "cls")) if adapter.has_cls else ()
    return LayerQueries(layer, q, k, bias, x.prefix, x.grid, cls)


def _scores(attention: Scores | Formed) -> _Kept | None:
    """Queries, keys and bias; None where the model formed its attention itself."""
    if isinstance(attention, Formed):
        return None
    bias = attention.bias()
    q = attention.query.float() * attention.scale
    k = attention.key - attention.key.mean(1, keepdim=True)
    return _half(q), _half(k), None if bias is None else _half(bias)


def _half(values: torch.Tensor) -> np.ndarray:
    return values.half().cpu().contiguous().numpy()


def _hidden(adapter: Adapter, why: str) -> CaptureError:
    return CaptureError(
        "The queries and keys of {title} cannot be had, since {why}: record rows of its "
        "attention instead.",
        title=adapter.title,
        why=why,
    )
