"""Maps in columns beside each other, on one scale."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.views import photos
from heedmap.views.attention import Map
from heedmap.views.channels import Channel
from heedmap.views.facts import Facts, saw
from heedmap.views.render import Look
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Prepared

Shown: TypeAlias = "Map | Channel"

ALL = "columns"  # the colour scale that spans all columns
BOTH = "both"  # the one that spans two maps side by side


@dataclass(frozen=True)
class Column:
    """A map of a comparison, and the letter that names it."""

    letter: str
    shown: Shown

    @property
    def title(self) -> str:
        """Its name."""
        return Phrase("{letter} · {title}", letter=self.letter, title=self.shown.title)

    @property
    def photo(self) -> str:
        """The key of its photo."""
        return self.shown.request.photo

    @property
    def facts(self) -> Facts:
        """What it shows, in short."""
        rows, cols = self.shown.values.shape
        return [
            (Phrase("Photo"), photos.title(self.photo)),
            (Phrase("Model"), self.shown.source.model),
            (Phrase("Saw"), saw(self.shown.seen)),
            (
                Phrase("Shows"),
                Phrase("{title}: {what}", title=self.shown.title, what=self.shown.what),
            ),
            (Phrase("Grid"), f"{rows} × {cols}"),
            (Phrase("Strongest"), self.shown.strongest),
        ]


@dataclass(frozen=True)
class Failed:
    """A column that cannot be shown, and why, one sentence."""

    letter: str
    why: str


@dataclass(frozen=True)
class Scaled:
    """A column as it is drawn: its values or its shares per area, on the scale of all columns."""

    own: Shown
    shares: bool
    ends: tuple[float, float]  # of all columns

    @property
    def request(self) -> Request:
        """The forward pass that it comes from."""
        return self.own.request

    @property
    def seen(self) -> Prepared:
        """What the model saw."""
        return self.own.seen

    @property
    def key(self) -> Hashable:
        """What distinguishes it from all other maps of the same pass."""
        return "scaled", self.own.key, self.shares, self.ends

    @property
    def title(self) -> str:
        """Its name."""
        return self.own.title

    @property
    def what(self) -> str:
        """What its values are, in words."""
        if not self.shares:
            return self.own.what
        return Phrase("{what}, share per area (1: even)", what=self.own.what)

    @property
    def label(self) -> str:
        """What must be told with the picture."""
        return self.own.label

    @property
    def signed(self) -> bool:
        """Signed values are shown by the share of their positive part."""
        return False

    @property
    def strongest(self) -> str:
        """Where it is strongest, in words."""
        return self.own.strongest

    @cached_property
    def values(self) -> np.ndarray:
        """(rows, cols) float32."""
        return _values(self.own, self.shares)

    def limits(self, scale: str) -> tuple[float, float]:
        """The values at the two ends of the colour bar."""
        if scale in (ALL, BOTH):
            return self.ends
        if self.shares:
            return float(self.values.min()), float(self.values.max())
        return self.own.limits(scale)


def on_one_scale(shown: Sequence[Shown]) -> list[Scaled]:
    """Columns as they are drawn.

    Attention of one kind on one grid, and channels of one layer, are shown as they are. Others
    are shown as shares of mass per area, which have one unit on every grid; so are signed values,
    of which the positive part has a share.
    """
    shares = not alike(shown) or any(each.values.min() < 0 for each in shown)
    maps = [_values(each, shares) for each in shown]
    ends = (float(min(m.min() for m in maps)), float(max(m.max() for m in maps)))
    return [Scaled(each, shares, ends) for each in shown]


def alike(shown: Sequence[Shown]) -> bool:
    """Whether the values of all maps have one unit: one kind, one grid; channels of one layer."""
    return len({(each.what, each.values.shape, *_layer_of(each)) for each in shown}) == 1


def alone(look: Look) -> Look:
    """How a map is drawn that is none of the two that `BOTH` spans."""
    return replace(look, scale="map") if look.scale == BOTH else look


def _values(shown: Shown, shares: bool) -> np.ndarray:
    return np.asarray(viz.per_area(mass(shown.values)) if shares else shown.values)


def mass(values: np.ndarray) -> np.ndarray:
    """What has a share: attention as it is, of activations the positive part."""
    return np.asarray(np.maximum(values, 0))


def _layer_of(shown: Shown) -> tuple[str, ...]:
    """Activations have a unit of their own in each layer; attention has one everywhere."""
    return (shown.request.model, shown.layer) if isinstance(shown, Channel) else ()
