"""The large pictures of a page, each as it is drawn: what is taken along from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heedmap.views import compare, reasons
from heedmap.views.attention import Map
from heedmap.views.compare import BOTH, Column
from heedmap.views.pairs import Difference
from heedmap.views.reasons import Reason
from heedmap.views.render import Drawable, Look
from heedmap.views.texts import WordMap


@dataclass(frozen=True)
class Large:
    """A map, how it is drawn, and what stands under it."""

    shown: Drawable
    look: Look
    caption: str


def of_one(shown: Drawable, look: Look) -> list[Large]:
    """A single map."""
    return [Large(shown, look, f"{shown.title}\n{shown.what}")]


def of_maps(shown: Sequence[Map], look: Look, less: Difference | None = None) -> list[Large]:
    """Attention maps side by side, and the difference of two, if it is shown."""
    drawn: Sequence[Drawable] = compare.on_one_scale(shown) if look.scale == BOTH else shown
    several = len({each.request.model for each in shown}) > 1
    captions = [
        "\n".join([each.title, *([own.source.model] if several else []), each.what])
        for each, own in zip(drawn, shown, strict=True)
    ]
    return [*map(Large, drawn, [look] * len(drawn), captions), *_less(less, look)]


def of_columns(
    columns: Sequence[Column], look: Look, less: Difference | None = None
) -> list[Large]:
    """Columns of a comparison on one scale, and the difference of two, if there is one."""
    scaled = compare.on_one_scale([each.shown for each in columns])
    captions = [f"{each.title}\n{each.shown.source.model}\n{each.shown.what}" for each in columns]
    return [*map(Large, scaled, [look] * len(scaled), captions), *_less(less, look)]


def of_reasons(shown: Sequence[Reason], look: Look) -> list[Large]:
    """Maps of methods that ask why."""
    drawn = reasons.on_one_scale(shown) if look.scale == reasons.METHODS else shown
    return [
        Large(each, look, "\n".join(filter(None, [each.title, each.what, each.label])))
        for each in drawn
    ]


def of_words(shown: Sequence[WordMap], look: Look) -> list[Large]:
    """Maps of texts."""
    return [Large(each, look, f"{each.title}\n{each.what}") for each in shown]


def _less(less: Difference | None, look: Look) -> list[Large]:
    return [Large(less, less.look(look), f"{less.title}\n{less.what}")] if less else []
