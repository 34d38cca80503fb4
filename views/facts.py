"""Facts about maps as (label, value) pairs: the model, what it saw, and which map it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from heedmap.languages import Phrase
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
        (
            Phrase("Layer"),
            Phrase("the pooling head, after the last") if source.kind == "pool" else layer,
        ),
        (Phrase("Head"), among(shown.head, source.heads(shown.layer))),
        (Phrase("Strongest"), shown.strongest),
        *([(Phrase("On patches"), on_patches(shown))] if shown.seen.prefix else []),
        *([(Phrase("Outliers"), shown.label)] if shown.label else []),
    ]


def layers(shown: Sequence[Map]) -> Facts:
    """The facts of several layers of one source, for one head."""
    first = shown[0]
    if len(shown) == 1:
        return attention(first)
    one, other = shown
    return [
        *_pass(first),
        (
            Phrase("Layers"),
            Phrase(
                "{one} and {other} (first 0, last {last})",
                one=one.layer,
                other=other.layer,
                last=first.source.depth - 1,
            ),
        ),
        (Phrase("Head"), among(first.head, first.source.heads())),
        *((Phrase("In layer {layer}", layer=each.layer), each.strongest) for each in shown),
    ]


def beside(shown: Map) -> Facts:
    """The facts of a second map beside the first, in short."""
    rows, columns = shown.values.shape
    model = shown.source.model
    return [
        (
            Phrase("Beside"),
            Phrase(
                "{model}, {what}, {saw}, grid {rows} × {columns}",
                model=model,
                what=shown.what,
                saw=saw(shown.seen),
                rows=rows,
                columns=columns,
            ),
        ),
        (Phrase("Strongest there"), shown.strongest),
    ]


def channel(shown: Channel) -> Facts:
    """The facts of one channel."""
    rows, columns = shown.values.shape
    return [
        (Phrase("Model"), shown.source.model),
        (Phrase("Saw"), saw(shown.seen)),
        (Phrase("Layer"), shown.layer),
        (Phrase("Channel"), Phrase("{index}, mean {mean:.3g}", index=shown.index, mean=shown.mean)),
        (Phrase("Shown"), shown.what),
        (Phrase("Map"), Phrase("{rows} × {columns} cells", rows=rows, columns=columns)),
        (Phrase("Strongest"), shown.strongest),
    ]


def channels(shown: Channel) -> str:
    """How many channels the layer of a channel has, and their grid."""
    rows, columns = shown.values.shape
    return Phrase(
        "{count} channels of {rows} × {columns}", count=shown.siblings, rows=rows, columns=columns
    )


def reasons(source: why.Source | texts.Source) -> Facts:
    """The facts that the maps of all methods, or of all texts, share."""
    rows, columns = source.seen.grid
    return [
        (Phrase("Model"), source.model),
        (Phrase("Saw"), saw(source.seen)),
        (Phrase("Grid"), f"{rows} × {columns}"),
    ]


def saw(seen: Prepared) -> str:
    """What part of the photo the model saw, and its size."""
    height, width = seen.view.shape[:2]
    parts = {
        "whole": Phrase("whole photo"),
        "crop": Phrase("middle crop"),
        "squash": Phrase("photo made square"),
    }
    left, top, right, bottom = seen.box
    told = Phrase("{part}, {width} × {height} px", part=parts[seen.fit], width=width, height=height)
    if width * height < ENLARGED * (right - left) * (bottom - top):
        return told
    return Phrase(
        "{told}, enlarged from {width} × {height}",
        told=told, width=round(right - left), height=round(bottom - top),
    )  # fmt: skip


def among(which: str, count: int) -> str:
    """Which of how many, counted from 0."""
    if which == MEAN:
        return Phrase("mean of {count}", count=count)
    return Phrase("{which} (first 0, last {last})", which=which, last=count - 1)


def on_patches(shown: Map) -> str:
    """How much of the attention goes to patches."""
    most = 1 - 1e-6  # what a sum of float32 tells from 1: a softmax leaves every token something
    share = percent(min(shown.on_patches, most))
    return Phrase("{share}, the rest on prefix tokens", share=share)


def _pass(shown: Map) -> Facts:
    """The facts that all maps of a forward pass share."""
    rows, columns = shown.values.shape
    patch = round(shown.seen.view.shape[0] / rows)
    return [
        (Phrase("Model"), shown.source.model),
        (Phrase("Saw"), saw(shown.seen)),
        (
            Phrase("Grid"),
            Phrase(
                "{rows} × {columns} patches of {patch} px", rows=rows, columns=columns, patch=patch
            ),
        ),
        (Phrase("Prefix tokens"), _prefix(shown.source.order)),
        (Phrase("Attention"), shown.what),
    ]


def _prefix(order: Order) -> str:
    """The tokens before the patches."""
    if not order.prefix:
        return Phrase("none, CLS is behind the patches" if order.cls else "none")
    if not order.cls:
        return Phrase("{count} (no CLS)", count=order.prefix)
    names = f"{order.cls} CLS" if order.cls > 1 else "CLS"
    if not order.more:
        return Phrase("{count} ({names})", count=order.prefix, names=names)
    return Phrase(
        "{count} ({names} and {more} more)", count=order.prefix, names=names, more=order.more
    )
