"""Ask why of a language model: which tokens counted for what it guesses, or for its features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError, short
from heedmap.languages import Phrase
from heedmap.models.adapter.twin import TextTwin, text_twin
from heedmap.viz import checks
from heedmap.viz.capture.text import reader
from heedmap.viz.why.follow import Following
from heedmap.viz.why.keep import Keeping
from heedmap.viz.why.methods import METHODS
from heedmap.viz.why.rows import Relevance, rollout

if TYPE_CHECKING:
    from heedmap.models import Adapter, Encoded, TextAdapter

STEPS = 32  # texts between the empty one and this one
MOST = 512  # tokens of a text whose gradients are integrated
BATCH_TOKENS, BATCH_LOGITS = 2048, 2**26  # of the texts that run at once
READ = ("word", "punctuation", "mask")  # kinds of tokens that the empty text lacks

TEXT_METHODS = {
    "rollout": replace(
        METHODS["rollout"], needs=frozenset({"text"}),
        fails=Phrase("It is the same for every guess, and blurs where heads disagree."),
    ),
    "relevance": replace(METHODS["relevance"], needs=frozenset({"text"})),
    "ig": replace(
        METHODS["ig"], needs=frozenset({"text"}),
        assumes=Phrase(
            "What a token adds on a straight way from an empty text to this one is its part: there "
            "all words are the masked token, or zeros in a model that has none."
        ),
        fails=Phrase("No text lies between the two, and another empty text gives other parts."),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class TextTarget:
    """What is asked about.

    Attributes:
        place: the number of the token that it is read from.
        token: in the vocabulary, whose logit is the score; None for the norm of the features.
        name: in words.
    """

    place: int
    token: int | None
    name: str


@dataclass(frozen=True)
class TextReason:
    """What one method says of the tokens of a text.

    Attributes:
        shares: (N,) float32, in the method's own unit; never scaled. Of rollout they sum to 1; of
            integrated gradients to the score less that of the empty text.
        method: an id of `TEXT_METHODS`.
        target: what was asked about; rollout takes its place alone.
        signed: whether values below 0 count against the target.
    """

    shares: np.ndarray
    method: str
    target: TextTarget
    signed: bool = False


def explain_text(
    adapter: Adapter,
    x: Encoded,
    method: str,
    place: int | None = None,
    token: int | None = None,
) -> TextReason:
    """What counted for what a language model guesses at one place, token by token.

    Rollout: the row of `place` in A'_last ... A'_first with A' = 0.5 A + 0.5 I, A the mean over
    heads (Abnar & Zuidema 2020, arXiv 2005.00928, section 3). Relevance: that row of R, where
    R <- R + A' R from I and A' is the mean over heads of (dy/dA * A)+ (Chefer, Gur & Wolf 2021,
    arXiv 2103.15679, eq. 5 and 6). Integrated gradients: of the embeddings of the tokens, along the
    straight way from a text whose words are all the masked token, or an embedding of zeros where
    the model has none; the special tokens stay (Sundararajan, Taly & Yan 2017, arXiv 1703.01365,
    eq. 1 and 3).

    Args:
        adapter: a language model.
        x: what `adapter.encode` returned, some of it `masked` perhaps.
        method: an id of `TEXT_METHODS`.
        place: the number of a token; by default the first mask, of a decoder the last token, else
            the token that stands for the whole text.
        token: of the vocabulary, whose logit at this place, or behind it for a decoder, is the
            score y; by default what the model thinks most probable. A model that guesses nothing
            there has the norm of its features at this place as y.

    Raises:
        SettingError: no such method, place or token, or a text that is too long for the method.
        CaptureError: a model that cannot be watched.
    """
    model = reader(adapter)
    checks.choice(method, TEXT_METHODS, "method")
    target = text_target(model, x, place, token)
    if method == "ig":
        return TextReason(_integrated(text_twin(model), x, target), method, target, signed=True)
    row = _rollout if method == "rollout" else _relevance
    return TextReason(row(text_twin(model), x, target), method, target)


def text_target(
    adapter: Adapter, x: Encoded, place: int | None = None, token: int | None = None
) -> TextTarget:
    """What `explain_text` asks about.

    Raises:
        SettingError: no such place or token.
    """
    model = reader(adapter)
    count = len(x)
    sentence = f"This text has no token {{}}: choose 0 to {count - 1}, or -1 for the last."
    at = _default(model, x) if place is None else checks.whole(place, sentence, -count, count - 1)
    at %= count
    if token is None and not (model.fills == "next" or x.kinds[at] == "mask"):
        return TextTarget(
            at, None, Phrase("how strong the features of {token} are", token=x.tokens[at])
        )
    if not model.fills:
        raise SettingError(
            "{title} guesses no words, so token {token} cannot be asked for: leave it out.",
            title=model.title,
            token=short(token),
        )
    logits = model.logits(x, [at])[0, 0]
    if token is None:
        token = int(logits.argmax())
    last = len(logits) - 1
    token = checks.whole(
        token, f"The vocabulary of {model.title} has no token {{}}: choose 0 to {last}.", 0, last
    )
    said = {"guess": model.shown([token])[0], "token": x.tokens[at]}
    if model.fills == "next":
        return TextTarget(at, token, Phrase("“{guess}” behind {token}", **said))
    return TextTarget(at, token, Phrase("“{guess}” in place of {token}", **said))


def _default(model: TextAdapter, x: Encoded) -> int:
    if "mask" in x.kinds:
        return x.kinds.index("mask")
    if x.kinds[0] == "cls" and model.fills != "next":
        return 0
    return sum(kind != "pad" for kind in x.kinds) - 1


def _rollout(own: TextTwin, x: Encoded, target: TextTarget) -> np.ndarray:
    watch = Keeping(len(x), 0)
    _watched(own, x, replace(target, token=None), watch)
    return rollout(_start(own, x, target), watch.kept).cpu().numpy()


def _relevance(own: TextTwin, x: Encoded, target: TextTarget) -> np.ndarray:
    found = Relevance(_start(own, x, target))
    watch = Following(len(x), 0, layer=found.layer, pool=found.layer)
    score = _watched(own, x, target, watch)
    torch.autograd.grad(score[0], watch.begins)
    assert found.row is not None  # it was started by the last layer
    return found.row.cpu().numpy()


def _start(own: TextTwin, x: Encoded, target: TextTarget) -> torch.Tensor:
    """1 at the place that is asked about, (N,) float32."""
    row = torch.zeros(len(x), device=own.device)
    row[target.place] = 1
    return row


def _watched(own: TextTwin, x: Encoded, target: TextTarget, watch: Keeping) -> torch.Tensor:
    """The score (1,) of one pass that is watched."""
    with watch:
        score = _score(own, x, target)
    if len(watch.kept) != own.depth:
        raise CaptureError(
            "{title} shows {kept} of its {depth} layers of attention, so its words cannot be "
            "weighed: choose another model.",
            title=own.title,
            kept=len(watch.kept),
            depth=own.depth,
        )
    return score


def _score(own: TextTwin, x: Encoded, target: TextTarget) -> torch.Tensor:
    """(b,) float32."""
    if target.token is not None:
        return own.logits(x, [target.place])[:, 0, target.token]
    features = own.read(x).last_hidden_state[:, target.place]
    norm: torch.Tensor = features.float().norm(dim=-1)
    return norm


def _integrated(own: TextTwin, x: Encoded, target: TextTarget) -> np.ndarray:
    """By captum; the embeddings of a token are added up: (N,) float32."""
    from captum.attr import IntegratedGradients

    if len(x) > MOST:
        raise SettingError(
            "Integrated gradients take texts of up to {most} tokens, and this one has {count:,}: "
            "shorten it, or choose relevance.",
            most=MOST,
            count=len(x),
        )
    module: Any = own.module
    words = module.get_input_embeddings()
    ids = x.inputs["input_ids"].to(own.device)
    with torch.no_grad():
        here, empty = words(ids), _empty(own, x, words)

    def score(embedded: torch.Tensor) -> torch.Tensor:
        many = {name: each.expand(len(embedded), -1) for name, each in x.inputs.items()}
        handle = words.register_forward_hook(lambda *_: embedded)
        try:
            return _score(own, replace(x, inputs=many), target)
        finally:
            handle.remove()

    logits = len(x) * getattr(module.config.get_text_config(), "vocab_size", 1)
    at_once = min(BATCH_TOKENS // len(x), BATCH_LOGITS // logits)
    found = IntegratedGradients(score).attribute(
        here, empty, n_steps=STEPS, internal_batch_size=max(1, at_once)
    )
    return found[0].detach().float().sum(-1).cpu().numpy()  # type: ignore[no-any-return]


def _empty(own: TextTwin, x: Encoded, words: Any) -> torch.Tensor:
    """The embeddings of a text without words, (1, N, dim)."""
    ids = x.inputs["input_ids"].to(own.device)
    gone = torch.tensor([kind in READ for kind in x.kinds], device=own.device)
    if own.mask:
        return words(torch.where(gone, own.tokenizer.mask_token_id, ids))  # type: ignore[no-any-return]
    return torch.where(gone[None, :, None], 0, words(ids))
