"""Ask why: one map of what counted for a class, by one of several methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heedmap.errors import CaptureError
from heedmap.languages import Phrase, join
from heedmap.models.adapter.twin import twin
from heedmap.viz import checks
from heedmap.viz.capture.calls import check_call
from heedmap.viz.why import attending
from heedmap.viz.why.cams import EXTRACTORS, ON_TOKENS, cam
from heedmap.viz.why.head import plain_layers
from heedmap.viz.why.integrated import integrated
from heedmap.viz.why.methods import METHODS, Explanation
from heedmap.viz.why.target import Asked, Layer, Pair

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared


def explain(
    adapter: Adapter,
    x: Prepared,
    method: str,
    target: Asked | Pair = None,
    layer: Layer = None,
) -> Explanation:
    """One method's map of one photo.

    Args:
        adapter: a model.
        x: the photo that `adapter.prepare` made.
        method: an id of `METHODS`.
        target: the index or name of a class; a text, for a model with a text tower; a direction
            (dim,) of the features, or of the space that a model shares with texts; None for the
            most probable class, or the norm of the features of a model without classes. Two of
            them give the difference of their maps, signed.
        layer: "raw": the layer, by default the last. "relevance" and "legrad": the first layer, by
            default 0; the last is always the last. "rollout": the same, or the first and the last.
            CAMs: the name of a layer that makes a map, by default the last stage; on a ViT the
            index of a layer, by default the last but one. "ig": none.

    Raises:
        SettingError: a method, target or layer that does not exist.
        ModelError: a text tower without its tokenizer.
        CaptureError: a model for which the method is not defined, or that cannot be watched.
    """
    check_call(adapter, x)
    check_method(adapter, method)
    if isinstance(target, tuple):
        one, other = (explain(adapter, x, method, each, layer) for each in target)
        both = Phrase("{one} less {other}", one=one.target, other=other.target)
        name = both if one.target else ""
        return Explanation(one.heat - other.heat, method, name, signed=True)
    if method == "raw":
        return Explanation(attending.raw(adapter, x, layer), method, "")
    if method == "rollout":
        return Explanation(attending.rollout(twin(adapter), x, layer), method, "")
    if method == "ig":
        heat, found = integrated(twin(adapter), x, target, layer)
        return Explanation(heat, method, found.name, signed=True)
    if method in EXTRACTORS:
        heat, found = cam(twin(adapter), x, method, target, layer)
    elif method == "relevance":
        heat, found = attending.relevance(twin(adapter), x, target, layer)
    else:
        heat, found = attending.legrad(twin(adapter), x, target, layer)
    return Explanation(heat, method, found.name)


def check_method(adapter: Adapter, method: str) -> None:
    """Whether a method is defined for a model.

    Raises:
        SettingError: a method that does not exist.
        CaptureError: a model that it is not defined for, and which one is.
    """
    checks.choice(method, METHODS, "method")
    if why := _why_not(adapter, method):
        # Those that answer for a class first.
        able = [each for each in METHODS if not _why_not(adapter, each)]
        able.sort(key=lambda each: METHODS[each].reads == "attention")
        named = join([METHODS[each].name for each in able[:2]], "{one} or {other}")
        raise CaptureError(
            "{name} {why}: choose {named}.", name=METHODS[method].name, why=why, named=named
        )


def _why_not(adapter: Adapter, method: str) -> Phrase | None:
    """Why a method is not defined for a model, None where it is."""
    title = adapter.title
    if method == "ig" or (method in EXTRACTORS and not adapter.kinds):
        return None
    if method in EXTRACTORS and method not in ON_TOKENS:
        return Phrase("reads convolutions, and {title} attends", title=title)
    if not adapter.kinds:
        return Phrase("reads attention, and {title} has none", title=title)
    if method == "raw":
        return None
    if method not in EXTRACTORS and "tokens" not in adapter.kinds:
        if "windows" in adapter.kinds:
            return Phrase(
                "follows every token through every layer, and {title} attends within windows",
                title=title,
            )
        return Phrase(
            "follows every token through every layer, and {title} attends from CLS alone",
            title=title,
        )
    if method in (*ON_TOKENS, "legrad") and plain_layers(adapter) is None:
        return Phrase(
            "reads the layers one by one, and those of {title} are not one plain list", title=title
        )
    return None
