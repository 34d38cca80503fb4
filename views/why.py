"""Why: what a photo in a model can be asked, by which methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heedmap import models, viz
from heedmap.errors import CaptureError
from heedmap.languages import Phrase, join
from heedmap.views import asked as asking
from heedmap.views.asked import Asked
from heedmap.views.classes import Classes, classes_of
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

FIRST = 4  # methods that are shown at first
READS = {
    "attention": Phrase("reads attention"), "gradients": Phrase("reads gradients"),
    "both": Phrase("reads attention and gradients"),
}  # fmt: skip


@dataclass(frozen=True)
class Layers:
    """The layers that a method can be asked about.

    Attributes:
        options: their indices or names.
        default: the one that is asked about at first.
        role: "layer" of attention, "start" of a way to the last layer, "span" of one from a first
            to a last layer, which is a pair of options, "cam", or "photo" of a method that reads no
            layer, whose one option is None.
    """

    options: tuple[int | str | None, ...]
    default: asking.Layer
    role: str


@dataclass(frozen=True)
class Source:
    """A photo in a model that can be asked why.

    Attributes:
        request: the photo, the model and what it sees.
        model: the title of the model.
        seen: what the model saw.
        classes: the classes that it knows, None for a model without.
        reads: whether it reads texts, which can be asked about.
        layers: for each method that it can do.
        refusals: for each other method why not, one sentence.
    """

    request: Request
    model: str
    seen: Prepared
    classes: Classes | None
    reads: bool
    layers: dict[str, Layers]
    refusals: dict[str, Phrase]

    @property
    def methods(self) -> list[str]:
        """The methods that it can do."""
        return list(self.layers)

    @property
    def cannot(self) -> list[str]:
        """Why it cannot do the others, a sentence for all that fail alike."""
        alike: dict[Any, list[str]] = {}
        for method, why in self.refusals.items():
            alike.setdefault(why.values["why"], []).append(viz.METHODS[method].name)
        return [_sentence(names, why) for why, names in alike.items()]

    def asked(self, method: str, target: asking.Target, layer: asking.Layer) -> Asked:
        """What a method is asked."""
        wanted = target if viz.METHODS[method].wants_target else None
        return Asked(self.request, method, wanted, layer)


def source(adapter: Adapter, request: Request, _: object = None) -> Source:
    """A photo in a model, and what can be asked of it; runs the model unless that is cached.

    Raises:
        CaptureError: a model for which no method is defined.
        HeedmapError: as `asked.output`.
    """
    refusals = {method: _refusal(adapter, method) for method in viz.METHODS}
    layers = {method: _layers(adapter, method) for method, why in refusals.items() if not why}
    if not layers:
        raise CaptureError(
            "{title} cannot be asked why: choose another model.", title=adapter.title
        )
    logits, seen = asking.output(adapter, request)
    classes = None
    if logits is not None and "logits" in adapter.can:
        calibration = models.card(adapter.id).calibration
        classes = classes_of(
            logits, adapter.classes, calibration.temperature, calibration.threshold
        )
    refused = {method: why for method, why in refusals.items() if why}
    reads = "text" in adapter.can
    return Source(request, adapter.title, seen, classes, reads, layers, refused)


# What several methods cannot do, by what one cannot.
_SEVERAL = {
    "reads convolutions, and {title} attends": Phrase("read convolutions, and {title} attends"),
    "reads attention, and {title} has none": Phrase("read attention, and {title} has none"),
    "follows every token through every layer, and {title} attends within windows": Phrase(
        "follow every token through every layer, and {title} attends within windows"
    ),
    "follows every token through every layer, and {title} attends from CLS alone": Phrase(
        "follow every token through every layer, and {title} attends from CLS alone"
    ),
    "reads the layers one by one, and those of {title} are not one plain list": Phrase(
        "read the layers one by one, and those of {title} are not one plain list"
    ),
}


def _sentence(names: Sequence[str], why: Phrase) -> Phrase:
    """What one method ("reads ...") or several ("read ...") cannot do."""
    if len(names) == 1:
        return Phrase("{name} {why}.", name=names[0], why=why)
    return Phrase(
        "{others} and {last} {why}.",
        others=join(names[:-1]),
        last=names[-1],
        why=Phrase(_SEVERAL[why.template].template, **why.values),
    )


def _refusal(adapter: Adapter, method: str) -> Phrase | None:
    """Why a model cannot do a method; None if it can."""
    try:
        viz.check_method(adapter, method)
    except CaptureError as error:
        return error.sentence
    return None


def _layers(adapter: Adapter, method: str) -> Layers:
    from heedmap.viz.why.cams import default_layer  # imports torch

    if method == "ig":
        return Layers((None,), None, "photo")
    if method == "raw":
        count = 1 if adapter.kinds[0] == "pool" else adapter.depth
        return Layers(tuple(range(count)), count - 1, "layer")
    if method == "rollout" and adapter.depth > 1:
        return Layers(tuple(range(adapter.depth)), (0, adapter.depth - 1), "span")
    if method in ("rollout", "relevance", "legrad"):
        return Layers(tuple(range(adapter.depth)), 0, "start")
    if adapter.kinds:
        return Layers(tuple(range(adapter.depth)), max(0, adapter.depth - 2), "cam")

    return Layers(adapter.conv_layers, default_layer(adapter), "cam")
