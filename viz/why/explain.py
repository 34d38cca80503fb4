"""Ask why: one map of what counted for a class, by one of several methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError, short
from heedmap.models.adapter.twin import Twin, twin
from heedmap.viz import checks
from heedmap.viz.capture.attention import record_attention
from heedmap.viz.capture.calls import check_call
from heedmap.viz.capture.reasons import check
from heedmap.viz.why.cams import EXTRACTORS, ON_TOKENS, cam
from heedmap.viz.why.head import (
    kept_calls,
    layers_of,
    only_head,
    plain_layers,
    put_tokens,
    tokens_in,
)
from heedmap.viz.why.integrated import integrated
from heedmap.viz.why.keep import Keeping
from heedmap.viz.why.methods import METHODS, Explanation
from heedmap.viz.why.rows import positive, received, relevance, rollout
from heedmap.viz.why.target import Asked, Pair, Target, target_of

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared


def explain(
    adapter: Adapter,
    x: Prepared,
    method: str,
    target: Asked | Pair = None,
    layer: str | int | None = None,
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
        layer: "raw": the layer, by default the last. "rollout", "relevance" and "legrad": the first
            layer, by default 0; the last is always the last. CAMs: the name of a layer that makes a
            map, by default the last stage; on a ViT the index of a layer, by default the last but
            one. "ig": none.

    Raises:
        SettingError: a method, target or layer that does not exist.
        ModelError: a text tower without its tokenizer.
        CaptureError: a model for which the method is not defined, or that cannot be watched.
    """
    check_call(adapter, x)
    check_method(adapter, method)
    if isinstance(target, tuple):
        one, other = (explain(adapter, x, method, each, layer) for each in target)
        name = f"{one.target} less {other.target}" if one.target else ""
        return Explanation(one.heat - other.heat, method, name, signed=True)
    if method == "raw":
        return Explanation(_raw(adapter, x, layer), method, "")
    if method == "rollout":
        return Explanation(_rollout(adapter, x, layer), method, "")
    if method == "ig":
        heat, found = integrated(twin(adapter), x, target, layer)
        return Explanation(heat, method, found.name, signed=True)
    if method in EXTRACTORS:
        heat, found = cam(twin(adapter), x, method, target, layer)
    elif method == "relevance":
        heat, found = _relevance(twin(adapter), x, target, layer)
    else:
        heat, found = _legrad(twin(adapter), x, target, layer)
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
        named = " or ".join(METHODS[each].name for each in able[:2])
        raise CaptureError(f"{METHODS[method].name} {why}: choose {named}.")


def _why_not(adapter: Adapter, method: str) -> str:
    """Why a method is not defined for a model, "" where it is."""
    title = adapter.title
    if method == "ig" or (method in EXTRACTORS and not adapter.kinds):
        return ""
    if method in EXTRACTORS and method not in ON_TOKENS:
        return f"reads convolutions, and {title} attends"
    if not adapter.kinds:
        return f"reads attention, and {title} has none"
    if method == "raw":
        return ""
    if method not in EXTRACTORS and "tokens" not in adapter.kinds:
        where = "within windows" if "windows" in adapter.kinds else "from CLS alone"
        return f"follows every token through every layer, and {title} attends {where}"
    if method in (*ON_TOKENS, "legrad") and plain_layers(adapter) is None:
        return f"reads the layers one by one, and those of {title} are not one plain list"
    return ""


def _raw(adapter: Adapter, x: Prepared, layer: str | int | None) -> np.ndarray:
    """The mean over heads of one layer, of the kind that the model shows first."""
    maps = record_attention(adapter, x).of(adapter.kinds[0])
    index = len(maps) - 1 if layer is None else _first(adapter, layer, len(maps))
    return np.asarray(maps[index].mean(axis=0))


def _rollout(adapter: Adapter, x: Prepared, layer: str | int | None) -> np.ndarray:
    watch, _ = _watched(adapter, x)
    first = _first(adapter, layer, len(watch.kept))
    with torch.inference_mode():
        return _patches(rollout(_start(adapter, x, watch), watch.kept[first:]), adapter, x)


def _relevance(
    adapter: Twin, x: Prepared, asked: Asked, layer: str | int | None
) -> tuple[np.ndarray, Target]:
    watch, output = _watched(adapter, x)
    target = target_of(adapter, asked, output)
    assert output is not None  # else there would be no target
    layers = watch.kept[_first(adapter, layer, len(watch.kept)) :]
    pools = watch.pools if "pool" in adapter.kinds else []
    nodes = [each.node for each in (*layers, *pools)]
    gradients = torch.autograd.grad(target.score(output), nodes)
    with torch.no_grad():
        row = _start(adapter, x, watch, gradients[len(layers) :])
        row = relevance(row, layers, gradients[: len(layers)])
    return _patches(row, adapter, x), target


def _legrad(
    adapter: Twin, x: Prepared, asked: Asked, layer: str | int | None
) -> tuple[np.ndarray, Target]:
    """Each layer's own score, by the head of the last, and what it gains by attention."""
    layers = layers_of(adapter)
    with kept_calls(layers) as calls:
        watch, output = _watched(adapter, x)
    target = target_of(adapter, asked, output)
    maps = []
    for index in range(_first(adapter, layer, len(watch.kept)), len(watch.kept)):
        tokens = tokens_in(calls[index].output)
        pooling = "pool" in adapter.kinds
        shown = tokens if pooling else tokens.mean(1, keepdim=True).expand_as(tokens)
        read, last = _through_head(adapter, x, put_tokens(calls[index].output, shown))
        source = read.pools[-1] if pooling else watch.kept[index]
        (gradient,) = torch.autograd.grad(target.score(last), [source.node], retain_graph=True)
        with torch.no_grad():
            maps.append(_whole(received(source, gradient), adapter, x))
    return _patches(torch.stack(maps).mean(0), adapter, x), target


def _through_head(adapter: Twin, x: Prepared, output: torch.Tensor) -> tuple[Keeping, torch.Tensor]:
    """What the model returns where the layers give out `output`, and its pooling head."""
    watch = _keeping(adapter, x)
    with only_head(layers_of(adapter), output), watch:
        last = adapter.run(x.pixels, x.fit)
    assert last is not None  # it returned something with its layers
    return watch, last


def _watched(adapter: Adapter, x: Prepared) -> tuple[Keeping, torch.Tensor | None]:
    """One pass, its attention kept; of a twin with what gradients need.

    Raises:
        CaptureError: attention that was not seen.
    """
    watch = _keeping(adapter, x)
    with watch:
        output = adapter.run(x.pixels, x.fit)
    check(adapter, len(watch.kept), watch)
    return watch, output


def _keeping(adapter: Adapter, x: Prepared) -> Keeping:
    order, patches = adapter.order, x.grid[0] * x.grid[1]
    return Keeping(order.tokens(patches), order.prefix, suffix=order.suffix)


def _start(
    adapter: Adapter, x: Prepared, watch: Keeping, gradients: Sequence[torch.Tensor] = ()
) -> torch.Tensor:
    """The row (N,) that the methods begin with: what the output is read from.

    CLS, the mean where there are several; the pooling head's own row, weighed by its gradient where
    that is given; else all patches alike.
    """
    patches = x.grid[0] * x.grid[1]
    tokens = adapter.order.tokens(patches)
    row = torch.zeros(tokens, device=adapter.device)
    if "pool" in adapter.kinds:
        if len(watch.pools) != 1:
            raise CaptureError(
                f"{adapter.title} shows no map: its pooling head does not pass through a call "
                "that can be watched."
            )
        ((_, attention, change),) = watch.pools[0].blocks(*gradients)
        weighed = positive(attention, change) if gradients else attention
        return _whole(weighed.mean(0)[0], adapter, x)
    if adapter.has_cls:
        row[adapter.order.readers(patches)] = 1 / adapter.order.cls
    else:
        row[adapter.order.prefix : adapter.order.prefix + patches] = 1 / patches
    return row


def _whole(row: torch.Tensor, adapter: Adapter, x: Prepared) -> torch.Tensor:
    """A row over all tokens (N,), of one that may be over the patches alone."""
    order = adapter.order
    if len(row) == order.tokens(x.grid[0] * x.grid[1]):
        return row
    return torch.nn.functional.pad(row, (order.prefix, order.suffix))


def _patches(row: torch.Tensor, adapter: Adapter, x: Prepared) -> np.ndarray:
    """The patches of a row over all tokens: (rows, cols) float32."""
    begin = adapter.order.prefix
    patches = row[begin : begin + x.grid[0] * x.grid[1]]
    return patches.float().reshape(x.grid).cpu().numpy()


def _first(adapter: Adapter, layer: str | int | None, count: int) -> int:
    """The index of a layer; the first by default.

    Raises:
        SettingError: no layer has this index.
    """
    index = 0 if layer is None else layer
    if not isinstance(index, int) or not 0 <= index < count:
        raise SettingError(
            f"{adapter.title} has no layer {short(index)}: choose from 0 to {count - 1}."
        )
    return index
