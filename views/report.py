"""Photos x models x layers as a report: maps, their numbers, methods, how far models agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from heedmap import models, viz
from heedmap.errors import HeedmapError, SettingError
from heedmap.languages import Phrase, number
from heedmap.views import attention, channels, model_facts, photos, reasons, render, why
from heedmap.views.attention import MEAN, Map, percent
from heedmap.views.compare import Column
from heedmap.views.facts import saw
from heedmap.views.pairs import pairs
from heedmap.views.render import Drawable, Look
from heedmap.views.request import Request
from heedmap.viz.html_report import Row, Section

if TYPE_CHECKING:
    from heedmap.models import Adapter

SIDE = 640  # px, long side of a picture
TOLD = (
    "Attention shows where a model reads, not why it decides. Each picture has the colour scale "
    "that its caption names; numbers are of the map, not of the picture."
)
_HEADINGS = ("Model", "Map", "Strongest", "Entropy, 0 to 1", "Least", "Most")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Plan:
    """What a report shows.

    Attributes:
        photos: their keys, see `photos`.
        models: their ids.
        layers: "all", "last", or which, from 0; those that a model has not are left out. Of a model
            without attention the strongest channel of each default layer is shown.
        methods: ids of `viz.METHODS`, about the most probable class; where a model cannot do one,
            the report says why.
        look: how maps are drawn.
    """

    photos: Sequence[str]
    models: Sequence[str]
    layers: str | Sequence[int] = "last"
    methods: Sequence[str] = ()
    look: Look = field(default_factory=Look)

    @property
    def settings(self) -> dict[str, str]:
        """All of it in words."""
        layers = self.layers if isinstance(self.layers, str) else ", ".join(map(str, self.layers))
        return {
            "Photos": ", ".join(map(photos.title, self.photos)),
            "Models": ", ".join(self.models),
            "Layers": layers,
            "Methods": ", ".join(viz.METHODS[each].name for each in self.methods) or "none",
            **{name.replace("_", " ").capitalize(): str(value)
               for name, value in asdict(self.look).items()},
        }  # fmt: skip


def make(
    plan: Plan,
    load: Callable[[str], Adapter] = models.load,
    tell: Callable[[float, str], object] = lambda share, words: None,
) -> bytes:
    """A report as one HTML file.

    Args:
        plan: what it shows.
        load: a model by its id.
        tell: called before each pass with the share that is done and what comes; what it raises
            ends the work.

    Raises:
        SettingError: no photo or no model, or too many for one file.
    """
    if not plan.photos or not plan.models:
        raise SettingError("A report needs a photo and a model: choose at least one of each.")
    sections: dict[str, Section] = {}
    total = len(plan.photos) * len(plan.models)
    for at, key in enumerate(plan.photos):
        name = photos.title(key)
        heading = name if name not in sections else f"{name} ({at + 1})"
        found = _Photo(plan, key)
        for step, id in enumerate(plan.models):
            tell(
                (at * len(plan.models) + step) / total,
                Phrase("{photo} in {model}", photo=name, model=id),
            )
            found.add(load, id)
        sections[heading] = found.section()
    title = f"{_count(total // len(plan.models), 'photo')} in {_count(len(plan.models), 'model')}"
    return viz.report(sections, title=title, told=TOLD, settings=plan.settings)


class _Photo:
    """What is shown of one photo, model by model."""

    def __init__(self, plan: Plan, key: str) -> None:
        self._plan, self._key = plan, key
        self._rows: list[Row] = []
        self._table: list[tuple[str, ...]] = [_HEADINGS]
        self._compared: list[Column] = []

    def add(self, load: Callable[[str], Adapter], id: str) -> None:
        """Show the photo in a model; one that fails says why in its place."""
        try:
            adapter = load(id)
            request = Request(self._key, id, model_facts.native_size(models.record(id)))
            methods, refused = self._methods(adapter, request)
            shown = [*self._maps(adapter, request), *methods]
        except HeedmapError as error:
            self._rows.append(Row(id, [], str(error)))
            return
        own = shown[0][1]
        lead = (render.base(request, own.seen, "photo", SIDE), f"The photo\n{saw(own.seen)}")
        pictures = [(render.drawn(each, self._plan.look, SIDE), text) for text, each in shown]
        self._rows.append(Row(adapter.title, [lead, *pictures], " ".join(refused)))
        self._table += [_numbers(adapter.title, each) for _, each in shown]
        maps = [each for _, each in shown if isinstance(each, Map)]
        if maps:
            last = max(maps, key=lambda each: each.layer)
            self._compared.append(Column(_LETTERS[len(self._compared)], last))

    def section(self) -> Section:
        """All that was added."""
        agree = [f"{pair.first.letter} and {pair.second.letter}: {pair.told(self._plan.look.keep)}."
                 for pair in pairs(self._compared)]  # fmt: skip
        letters = [f"{each.letter} is {each.shown.source.model}, {each.shown.title.lower()}."
                   for each in self._compared]  # fmt: skip
        told = " ".join([*letters, *agree]) if agree else ""
        return Section(self._rows, told, self._table, "The numbers of each map")

    def _maps(self, adapter: Adapter, request: Request) -> Iterator[tuple[str, Drawable]]:
        """Maps with their captions."""
        if not adapter.kinds:
            for name, (one, *_) in channels.source(adapter, request).strongest(1).items():
                yield f"{name}, channel {one.index}\n{one.what}", one
            return
        source = attention.source(adapter, request)
        for layer in _layers(self._plan.layers, source.depth):
            shown = Map(source, layer, MEAN)
            yield f"{shown.title}\n{shown.what}", shown

    def _methods(
        self, adapter: Adapter, request: Request
    ) -> tuple[list[tuple[str, Drawable]], list[str]]:
        """The maps of the methods with their captions, and why the model cannot do the others."""
        if not self._plan.methods:
            return [], []
        source = why.source(adapter, request)
        can = [each for each in self._plan.methods if each not in source.refusals]
        made = [reasons.reason(adapter, source, each) for each in can]
        shown = [(f"{each.title}\n{each.what}", each) for each in made]
        return [*shown], [source.refusals[e] for e in self._plan.methods if e in source.refusals]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _layers(asked: str | Sequence[int], depth: int) -> list[int]:
    if isinstance(asked, str):
        return list(range(depth)) if asked == "all" else [depth - 1]
    return [layer for layer in asked if 0 <= layer < depth] or [depth - 1]


def _numbers(model: str, shown: Drawable) -> tuple[str, ...]:
    """A line of the table."""
    values = shown.values
    spread = f"{float(viz.entropy(np.maximum(values, 0))):.3f}"
    least, most = (number(float(end)) for end in (values.min(), values.max()))
    if isinstance(shown, Map):
        least, most = percent(float(values.min())), percent(float(values.max()))
    return model, f"{shown.title}: {shown.what}", shown.strongest, spread, least, most
