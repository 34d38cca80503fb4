"""What a method is asked about: a class, a direction of the features, or how strong they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import torch
from heedmap.errors import CaptureError, SettingError, short
from heedmap.languages import Phrase

if TYPE_CHECKING:
    from heedmap.models import Adapter

Asked: TypeAlias = "int | str | torch.Tensor | None"
Pair: TypeAlias = tuple[Asked, Asked]
Layer: TypeAlias = "int | str | tuple[int, int] | None"  # see `explain`
Score: TypeAlias = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Target:
    """A score of what a model returns: (n, classes), (n, dim) or (n, tokens, dim) -> (n,).

    Attributes:
        name: in words.
        score: what gradients are taken of: the logit of a class, a cosine, a norm.
        measure: what photos are compared by: the probability of a class, else the score.
        unit: of `measure`: "probability", "cosine" or "norm".
    """

    name: str
    score: Score
    measure: Score
    unit: str


def target_of(adapter: Adapter, asked: Asked | Pair, output: torch.Tensor | None) -> Target:
    """What is asked for, as a score.

    Args:
        adapter: the model.
        asked: the index or the name of a class; a text, for a model with a text tower, or a
            direction (dim,), whose cosine with the features is the score; None for the most
            probable class, or the norm of the features where the model has no classes; two of
            these for the difference of their scores. Of a model with a text tower a direction is
            one of the space that it shares with texts.
        output: what it returned for the photo.

    Raises:
        SettingError: a class that the model does not have, a text that is too long, or a direction
            of another length.
        ModelError: a text tower without its tokenizer.
        CaptureError: a model that returns neither logits nor features.
    """
    if output is None:
        raise CaptureError(
            "{title} returns neither logits nor features as one tensor, so no score can be "
            "explained: choose a method that reads attention alone.",
            title=adapter.title,
        )
    if isinstance(asked, tuple):
        return _difference(*(target_of(adapter, each, output) for each in asked))
    if isinstance(asked, torch.Tensor):
        return _direction(adapter, asked, output)
    if "logits" in adapter.can and output.ndim == 2:
        index = int(output[0].argmax()) if asked is None else _index(adapter, asked, len(output[0]))
        return _class(adapter, index)
    if isinstance(asked, str) and "text" in adapter.can:
        return replace(_direction(adapter, adapter.encode_text([asked])[0], output), name=asked)
    if asked is not None:
        raise SettingError(
            "{title} has no classes, so {asked} cannot be asked for: leave the target out to "
            "explain the norm of its features.",
            title=adapter.title,
            asked=short(asked),
        )
    norm: Score = lambda output: features(adapter, output).norm(dim=1)  # noqa: E731
    return Target(Phrase("norm of the features"), norm, norm, Phrase("norm"))


def features(adapter: Adapter, output: torch.Tensor) -> torch.Tensor:
    """The features of photos: (n, dim) float32; of tokens that of CLS, else their mean."""
    if output.ndim == 3:
        cls = adapter.order.readers(output.shape[1] - adapter.order.others)
        output = (output[:, cls] if adapter.has_cls else output).mean(1)
    return output.flatten(1).float()


def _class(adapter: Adapter, index: int) -> Target:
    return Target(
        _name(adapter, index),
        lambda output: output[:, index].float(),
        lambda output: output.float().softmax(1)[:, index],
        Phrase("probability"),
    )


def _difference(one: Target, other: Target) -> Target:
    return Target(
        Phrase("{one} less {other}", one=one.name, other=other.name),
        lambda output: one.score(output) - other.score(output),
        lambda output: one.measure(output) - other.measure(output),
        one.unit,
    )


def _direction(adapter: Adapter, wanted: torch.Tensor, output: torch.Tensor) -> Target:
    size = embedded(adapter, output).shape[1]
    if wanted.shape != (size,):
        raise SettingError(
            "A target of shape {shape} does not fit the features of {title}: give one of shape "
            "({size},).",
            shape=tuple(wanted.shape),
            title=adapter.title,
            size=size,
        )
    to = wanted.detach().float()

    def cosine(output: torch.Tensor) -> torch.Tensor:
        return torch.cosine_similarity(embedded(adapter, output), to.to(output.device), dim=1)

    return Target(Phrase("a direction of the features"), cosine, cosine, Phrase("cosine"))


def embedded(adapter: Adapter, output: torch.Tensor) -> torch.Tensor:
    """Features of photos as texts are compared with: (n, dim) float32."""
    found = features(adapter, output)
    return adapter.text.embed(found) if "text" in adapter.can else found


def _index(adapter: Adapter, asked: int | str, count: int) -> int:
    if isinstance(asked, str):
        names = adapter.classes or ()
        if asked not in names:
            raise SettingError(
                "{title} has no class {asked}: choose from its {count} classes, such as {names}.",
                title=adapter.title,
                asked=short(asked),
                count=count,
                names=", ".join(names[:3]) or "0, 1, 2",
            )
        return names.index(asked)
    if not isinstance(asked, int) or not 0 <= asked < count:
        raise SettingError(
            "{title} has no class {asked}: choose an index from 0 to {count}.",
            title=adapter.title,
            asked=short(asked),
            count=count - 1,
        )
    return asked


def _name(adapter: Adapter, index: int) -> str:
    names = adapter.classes
    return names[index] if names and index < len(names) else f"class {index}"
