"""Methods that read attention, of a model with all its tokens in one sequence; see `METHODS`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError, short
from heedmap.viz.capture.attention import record_attention
from heedmap.viz.capture.reasons import check
from heedmap.viz.why import rows
from heedmap.viz.why.follow import Add, Following
from heedmap.viz.why.head import kept_calls, layers_of, only_head, put_tokens, tokens_in
from heedmap.viz.why.keep import Keeping, Parting
from heedmap.viz.why.target import Asked, Layer, Target, features, target_of

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared
    from heedmap.models.adapter.twin import Twin


def raw(adapter: Adapter, x: Prepared, layer: Layer) -> np.ndarray:
    """The mean over heads of one layer, of the kind that the model shows first."""
    maps = record_attention(adapter, x).of(adapter.kinds[0])
    index = len(maps) - 1 if layer is None else _first(adapter, layer, len(maps))
    return np.asarray(maps[index].mean(axis=0))


def rollout(adapter: Twin, x: Prepared, layer: Layer) -> np.ndarray:
    """What the output reads of each patch, from a first layer to a last one."""
    first, last = _span(adapter, layer)
    watch = Following(**_tokens(adapter, x), layer=_unread, pool=_unread, first=adapter.depth - 1)
    row = _start(adapter, x, watch, _watched(adapter, x, watch))
    with torch.inference_mode():
        return _patches(rows.rollout(row, watch.kept[first : last + 1]), adapter, x)


def _unread(_: torch.Tensor) -> Add:
    return lambda *_: None


def relevance(adapter: Twin, x: Prepared, asked: Asked, layer: Layer) -> tuple[np.ndarray, Target]:
    """What raises the score of a target where attention rises, through all layers from a first."""
    row, first = rows.Relevance(), _first(adapter, layer, adapter.depth)
    pool = partial(_pooled, adapter, x, row)
    watch = Following(**_tokens(adapter, x), layer=row.layer, pool=pool, first=first)
    output = _watched(adapter, x, watch)
    target = target_of(adapter, asked, output)
    assert output is not None  # else there would be no target
    torch.autograd.grad(target.score(output), watch.begins)
    assert row.row is not None  # it was started by the last layer
    return _patches(row.row, adapter, x), target


def _pooled(adapter: Adapter, x: Prepared, row: rows.Relevance, _: torch.Tensor) -> Add:
    """Begins with a pooling head's own row, where the model is read by one."""

    def add(_: slice, product: torch.Tensor) -> None:
        if "pool" in adapter.kinds:
            row.row = _whole(product.clamp_min(0).mean(0)[0], adapter, x)

    return add


def legrad(adapter: Twin, x: Prepared, asked: Asked, layer: Layer) -> tuple[np.ndarray, Target]:
    """Each layer's own score, by the head of the last, and what it gains by attention."""
    layers, watch = layers_of(adapter), Parting(**_tokens(adapter, x))
    first = _first(adapter, layer, adapter.depth)
    with kept_calls(layers) as calls:
        target = target_of(adapter, asked, _watched(adapter, x, watch))
    maps = []
    for index in range(first, len(calls)):
        tokens = tokens_in(calls[index].output)
        pooling = "pool" in adapter.kinds
        shown = tokens if pooling else tokens.mean(1, keepdim=True).expand_as(tokens)
        read, last = _through_head(adapter, x, put_tokens(calls[index].output, shown))
        source, node = (
            (read.pools[-1], read.pool_nodes[-1])
            if pooling
            else (watch.kept[index], watch.nodes[index])
        )
        (gradient,) = torch.autograd.grad(target.score(last), node)
        with torch.no_grad():
            maps.append(_whole(rows.received(source, gradient), adapter, x))
    return _patches(torch.stack(maps).mean(0), adapter, x), target


def _through_head(adapter: Twin, x: Prepared, output: torch.Tensor) -> tuple[Parting, torch.Tensor]:
    """What the model returns where the layers give out `output`, and its pooling head."""
    watch = Parting(**_tokens(adapter, x))
    with only_head(layers_of(adapter), output), watch:
        last = adapter.run(x.pixels, x.fit)
    assert last is not None  # it returned something with its layers
    return watch, last


def _watched(adapter: Adapter, x: Prepared, watch: Keeping) -> torch.Tensor | None:
    """What the model returns in one pass, its attention kept.

    Raises:
        CaptureError: attention that was not seen.
    """
    with watch:
        output = adapter.run(x.pixels, x.fit)
    check(adapter, len(watch.kept), watch)
    if "pool" in adapter.kinds and len(watch.pools) != 1:
        raise CaptureError(
            "{title} shows no map: its pooling head does not pass through a call that can be "
            "watched.",
            title=adapter.title,
        )
    return output


def _tokens(adapter: Adapter, x: Prepared) -> dict[str, Any]:
    """What tells attention over all tokens from other calls."""
    order = adapter.order
    tokens = order.tokens(x.grid[0] * x.grid[1])
    return {"tokens": tokens, "prefix": order.prefix, "suffix": order.suffix}


def _start(
    adapter: Twin, x: Prepared, watch: Following, output: torch.Tensor | None
) -> torch.Tensor:
    """The row (N,) that rollout begins with: what the output is read from.

    The pooling head's own row, or the tokens of the last layer that the output changes with: CLS,
    or all patches alike where their mean is taken, also beside a CLS token.
    """
    if "pool" in adapter.kinds:
        return _whole(watch.pools[0].attention(slice(0, 1)).mean(0)[0], adapter, x)
    if output is None:
        return _told(adapter, x)
    found = features(adapter, output)[0]
    unlike = torch.linspace(1, 2, len(found), device=found.device)  # so that none cancel out
    (gradient,) = torch.autograd.grad((found * unlike).sum(), watch.begins[-1:])
    return rows.readers(gradient)


def _told(adapter: Adapter, x: Prepared) -> torch.Tensor:
    """The row (N,) of CLS, else of all patches alike, where no output shows more."""
    order, patches = adapter.order, x.grid[0] * x.grid[1]
    row = torch.zeros(order.tokens(patches), device=adapter.device)
    read = order.readers(patches) if order.cls else slice(order.prefix, order.prefix + patches)
    row[read] = 1
    return row / row.sum()


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


def _span(adapter: Adapter, layer: Layer) -> tuple[int, int]:
    """The first and the last layer; all by default.

    Raises:
        SettingError: no layers have these indices, or the first comes after the last.
    """
    pair = layer if isinstance(layer, tuple) else (layer, adapter.depth - 1)
    first, last = (_first(adapter, each, adapter.depth) for each in pair)
    if first > last:
        raise SettingError(
            "There is nothing from layer {first} to layer {last}: give the first layer first.",
            first=first,
            last=last,
        )
    return first, last


def _first(adapter: Adapter, layer: Layer, count: int) -> int:
    """The index of a layer; the first by default.

    Raises:
        SettingError: no layer has this index.
    """
    index = 0 if layer is None else layer
    if not isinstance(index, int) or not 0 <= index < count:
        raise SettingError(
            "{title} has no layer {index}: choose from 0 to {count}.",
            title=adapter.title,
            index=short(index),
            count=count - 1,
        )
    return index
