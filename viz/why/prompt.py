"""Which words of a prompt made a model find it alike, or unlike, a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from heedmap.errors import CaptureError
from heedmap.models.adapter.text import Tokens, checked
from heedmap.models.adapter.twin import Twin, twin
from heedmap.viz.capture.calls import check_call
from heedmap.viz.why.follow import Following
from heedmap.viz.why.rows import Relevance
from heedmap.viz.why.target import embedded

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared


@dataclass(frozen=True)
class Prompt:
    """How much each word of a prompt counted.

    Attributes:
        words: of the prompt, punctuation marks among them; each Han character is a word.
        relevance: (words,) float32, 0 or more, the sum over a word's tokens; never scaled.
        cosine: of the prompt with the photo, -1 to 1.
    """

    words: tuple[str, ...]
    relevance: np.ndarray
    cosine: float


def prompt_relevance(adapter: Adapter, x: Prepared, text: str) -> Prompt:
    """Relevance over the tokens of a text: Chefer, Gur & Wolf 2021, eq. 5 and 6, as for photos.

    The score is the cosine of the text with the photo; its row is that of the token which the
    text's feature is read from (CLIP's end, SigLIP's last, Chinese CLIP's first). What lowers the
    score counts nothing.

    Args:
        adapter: a model with a text tower.
        x: the photo that `adapter.prepare` made.
        text: the prompt.

    Raises:
        SettingError: no text, or one that is longer than the tower reads.
        ModelError: a model without a text tower, or without its tokenizer.
        CaptureError: a text tower whose attention cannot be watched.
    """
    check_call(adapter, x)
    own = twin(adapter)
    tokens = own.text.tokens(checked([text])[0])
    photo = embedded(own, adapter.forward(x.pixels, x.fit))[0].clone()
    row, cosine = _row(own, tokens, photo)
    found = [row[list(places)].sum().item() for places in tokens.places]
    return Prompt(tokens.words, np.array(found, np.float32), cosine)


def _row(adapter: Twin, tokens: Tokens, photo: torch.Tensor) -> tuple[torch.Tensor, float]:
    """The relevance of each token, (N,), and the cosine with a photo's feature (dim,)."""
    row = Relevance()
    count = tokens.inputs["input_ids"].shape[1]
    watch = Following(count, 0, layer=row.layer, pool=row.layer)
    with torch.enable_grad(), watch:
        feature = adapter.text.features(tokens.inputs)[0]
    depth = adapter.text.depth
    if len(watch.kept) != depth:
        raise CaptureError(
            "{title} shows {kept} of the {depth} layers of its text tower, so its words cannot "
            "be weighed: choose the bundled CLIP.",
            title=adapter.title,
            kept=len(watch.kept),
            depth=depth,
        )
    cosine = torch.cosine_similarity(feature, photo, dim=0)
    torch.autograd.grad(cosine, watch.begins)
    assert row.row is not None  # it was started by the last layer
    return row.row.cpu(), cosine.item()
