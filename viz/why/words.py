"""Words on a photo: how alike each patch and each text are. Similarity, not attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from heedmap.errors import CaptureError
from heedmap.languages import Phrase
from heedmap.models.adapter.text import checked
from heedmap.models.adapter.twin import Twin, twin
from heedmap.viz.capture.calls import check_call
from heedmap.viz.why.head import kept_calls, layers_of, only_head, put_tokens, tokens_in
from heedmap.viz.why.methods import Method
from heedmap.viz.why.target import embedded
from torch.nn.functional import normalize

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

WORD_MAPS = {
    "similarity": Method(
        Phrase("Similarity of patches"),
        frozenset({"text", "attention"}),
        "features",
        "Radford et al. 2021, section 2, a patch at a time",
        Phrase("A patch put out in place of the pooled feature means the same as that."),
        Phrase(
            "Only the pooled feature was trained: patches carry what the photo is about as a "
            "whole, and background often scores higher than the thing itself (Li et al. 2023)."
        ),
    ),
    "value path": Method(
        Phrase("Similarity by the value path"),
        frozenset({"text", "attention"}),
        "features",
        "Zhou, Loy & Dai 2022 (MaskCLIP), section 3.2",
        Phrase(
            "The value path of the last layer keeps each patch's own meaning where attention mixes."
        ),
        Phrase(
            "It skips the last layer's attention, so it is not what the model's answer came "
            "from, and it is noisy enough that its authors go on to smooth it (Zhou, Loy & Dai "
            "2022)."
        ),
    ),
}


@dataclass(frozen=True)
class WordMaps:
    """What texts have to do with a photo: similarity, not attention.

    Attributes:
        texts: as asked.
        cosines: (texts,) float32, of the photo's feature with each text, -1 to 1.
        shares: (texts + 1,) float32, softmax of the model's own logits over the texts and, last,
            a neutral text ("a photo"); they sum to 1.
        similarity: (texts, rows, cols) float32, cosines of each patch, -1 to 1. All texts and maps
            are on one scale: a word that is absent looks absent.
        value_path: (texts, rows, cols) float32, the same where the last layer does not attend.
    """

    texts: tuple[str, ...]
    cosines: np.ndarray
    shares: np.ndarray
    similarity: np.ndarray
    value_path: np.ndarray


def word_maps(adapter: Adapter, x: Prepared, texts: Sequence[str]) -> WordMaps:
    """How alike each patch of a photo and each text are, in the space that the model shares.

    `similarity` takes each patch as the last layer puts it out through all that comes after: the
    final norm and the projection, or a pooling head that reads this patch alone. `value_path`
    (MaskCLIP: Zhou, Loy & Dai 2022, arXiv 2112.01071, section 3.2) does the same where each patch
    went through the last layer alone, so that it attends to nothing but itself: y = x + Wo Wv
    LN(x), then y + MLP(LN(y)).

    Args:
        adapter: a model with a text tower.
        x: the photo that `adapter.prepare` made.
        texts: one or more.

    Raises:
        SettingError: no list of texts, or a text that is longer than the tower reads.
        ModelError: a model without a text tower, or without its tokenizer.
        CaptureError: one whose patches cannot be read one by one.
    """
    check_call(adapter, x)
    own = twin(adapter)
    words = adapter.encode_text([*checked(texts), adapter.text.neutral])
    with torch.inference_mode(), kept_calls(layers_of(own)[-1:]) as calls:
        photo = _embedded(own, own.run(x.pixels, x.fit))  # (1, dim)
    cosines = words @ photo[0].cpu()
    begin = adapter.prefix
    patches = slice(begin, begin + x.grid[0] * x.grid[1])
    with torch.inference_mode():
        (call,) = calls
        mixed = tokens_in(call.output)[0, patches, None]  # (n, 1, dim)
        alone = call.again(call.tokens[0, patches, None])
        both = [_behind(own, x, put_tokens(call.output, each)) for each in (mixed, alone)]
    maps = (_maps(each, words[:-1], x.grid) for each in both)
    shares = adapter.text.logits(cosines).softmax(0)
    return WordMaps(tuple(texts), cosines[:-1].numpy(), shares.numpy(), *maps)


def _behind(adapter: Twin, x: Prepared, output: Any) -> torch.Tensor:
    """Tokens (n, 1, dim), each through what comes behind the layers: (n, dim)."""
    with only_head(layers_of(adapter), output):
        return _embedded(adapter, adapter.run(x.pixels, x.fit))


def _embedded(adapter: Twin, output: torch.Tensor | None) -> torch.Tensor:
    """(n, dim) float32 of length 1 in the shared space."""
    if output is None:
        raise CaptureError(
            "{title} returns no features to compare with texts.", title=adapter.title
        )
    return normalize(embedded(adapter, output), dim=1)


def _maps(patches: torch.Tensor, words: torch.Tensor, grid: tuple[int, int]) -> np.ndarray:
    """Cosines of patches (n, dim) with words (texts, dim): (texts, rows, cols) float32."""
    return (words @ patches.cpu().T).reshape(-1, *grid).numpy()
