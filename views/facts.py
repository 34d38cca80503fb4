"""Facts about maps as (label, value) pairs: the model, what it saw, and which map it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from heedmap.views.attention import MEAN, Map, percent
from heedmap.views.channels import Channel

if TYPE_CHECKING:
    from heedmap.models import Prepared
    from heedmap.models.families.order import Order
    from heedmap.views import texts, why

Facts: TypeAlias = "list[tuple[str, str]]"

ENLARGED = 1.1  # as large an area as the photo's own: less is the rounding to whole patches


def attention(shown: Map) -> Facts:
    """The facts of one attention map."""
    source = shown.source
    layer = among(str(shown.layer), source.depth)
    return [
        *_pass(shown),
        ("Layer", "the pooling head, after the last" if source.kind == "pool" else layer),
        ("Head", among(shown.head, source.heads(shown.layer))),
        ("Strongest", shown.strongest),
        *([("On patches", on_patches(shown))] if shown.seen.prefix else []),
        *([("Outliers", shown.label)] if shown.label else []),
    ]


def layers(shown: Sequence[Map]) -> Facts:
    """The facts of several layers of one source, for one head."""
    first = shown[0]
    if len(shown) == 1:
        return attention(first)
    numbers = " and ".join(str(each.layer) for each in shown)
    return [
        *_pass(first),
        ("Layers", f"{numbers} (first 0, last {first.source.depth - 1})"),
        ("Head", among(first.head, first.source.heads())),
        *((f"In layer {each.layer}", each.strongest) for each in shown),
    ]


def beside(shown: Map) -> Facts:
    """The facts of a second map beside the first, in short."""
    rows, columns = shown.values.shape
    model = shown.source.model
    return [
        ("Beside", f"{model}, {shown.what}, {saw(shown.seen)}, grid {rows} × {columns}"),
        ("Strongest there", shown.strongest),
    ]


def channel(shown: Channel) -> Facts:
    """The facts of one channel."""
    rows, columns = shown.values.shape
    return [
        ("Model", shown.source.model),
        ("Saw", saw(shown.seen)),
        ("Layer", shown.layer),
        ("Channel", f"{shown.index}, mean {shown.mean:.3g}"),
        ("Shown", shown.what),
        ("Map", f"{rows} × {columns} cells"),
        ("Strongest", shown.strongest),
    ]


def channels(shown: Channel) -> str:
    """How many channels the layer of a channel has, and their grid."""
    rows, columns = shown.values.shape
    return f"{shown.siblings} channels of {rows} × {columns}"


def reasons(source: why.Source | texts.Source) -> Facts:
    """The facts that the maps of all methods, or of all texts, share."""
    rows, columns = source.seen.grid
    return [
        ("Model", source.model),
        ("Saw", saw(source.seen)),
        ("Grid", f"{rows} × {columns}"),
    ]


def saw(seen: Prepared) -> str:
    """What part of the photo the model saw, and its size."""
    height, width = seen.view.shape[:2]
    parts = {"whole": "whole photo", "crop": "middle crop", "squash": "photo made square"}
    left, top, right, bottom = seen.box
    told = f"{parts[seen.fit]}, {width} × {height} px"
    if width * height < ENLARGED * (right - left) * (bottom - top):
        return told
    return f"{told}, enlarged from {round(right - left)} × {round(bottom - top)}"


def among(which: str, count: int) -> str:
    """Which of how many, counted from 0."""
    return f"mean of {count}" if which == MEAN else f"{which} (first 0, last {count - 1})"


def on_patches(shown: Map) -> str:
    """How much of the attention goes to patches."""
    most = 1 - 1e-6  # what a sum of float32 tells from 1: a softmax leaves every token something
    return f"{percent(min(shown.on_patches, most))}, the rest on prefix tokens"


def _pass(shown: Map) -> Facts:
    """The facts that all maps of a forward pass share."""
    rows, columns = shown.values.shape
    patch = round(shown.seen.view.shape[0] / rows)
    return [
        ("Model", shown.source.model),
        ("Saw", saw(shown.seen)),
        ("Grid", f"{rows} × {columns} patches of {patch} px"),
        ("Prefix tokens", _prefix(shown.source.order)),
        ("Attention", shown.what),
    ]


def _prefix(order: Order) -> str:
    """The tokens before the patches."""
    if not order.prefix:
        return "none, CLS is behind the patches" if order.cls else "none"
    if not order.cls:
        return f"{order.prefix} (no CLS)"
    names = [f"{order.cls} CLS" if order.cls > 1 else "CLS"]
    return f"{order.prefix} ({' and '.join(names + [f'{order.more} more'] * bool(order.more))})"
