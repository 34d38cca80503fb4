"""The arguments of a figure, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from heedmap.errors import SettingError
from heedmap.viz import checks
from heedmap.viz.draw.colours import check_colormap
from heedmap.viz.draw.overlay import Limits, Overlay
from heedmap.viz.photo.picture import Picture

Scale: TypeAlias = "str | Overlay"  # a colour map, or an overlay, whose colours may fade


@dataclass(frozen=True)
class Content:
    """The arguments of `grid_figure`."""

    pictures: Sequence[Picture]
    captions: Sequence[str]
    columns: int
    title: str
    row_labels: Sequence[str]
    footer: str
    colormap: Scale | Sequence[Scale] | None
    limits: Limits | None
    colorbar_label: str
    width: float
    own_limits: Sequence[Limits | None]

    @property
    def rows(self) -> int:
        return -(-len(self.pictures) // self.columns)

    def scale_of(self, index: int) -> Scale | None:
        """The colours of a picture."""
        if self.colormap is None or isinstance(self.colormap, str | Overlay):
            return self.colormap
        return self.colormap[index]

    @property
    def one_scale(self) -> bool:
        """Whether the figure has one colour bar, for all pictures without their own."""
        return self.colormap is not None and (not self.own_limits or self.limits is not None)


def checked(given: Content) -> Content:
    """Return the content with its values checked and its sequences as lists.

    Raises:
        SettingError: no pictures, or settings that do not fit them.
    """
    pictures = [checks.picture(picture) for picture in checks.listed(given.pictures, "Pictures")]
    count = len(pictures)
    if not count:
        raise SettingError("A figure of 0 pictures cannot be drawn: give at least one.")
    columns = checks.whole(
        given.columns, "A figure of {} columns cannot be drawn: choose 1 or more.", 1
    )
    columns = min(columns, count)
    return replace(
        given,
        pictures=pictures,
        captions=_texts(given.captions, "captions", count, "pictures"),
        columns=columns,
        title=checks.text(given.title, "A title"),
        row_labels=_texts(given.row_labels, "row labels", -(-count // columns), "rows"),
        footer=checks.text(given.footer, "A footer"),
        colormap=_scales(given, count),
        limits=None if given.limits is None else checks.limits(given.limits),
        colorbar_label=checks.text(given.colorbar_label, "The label of a colour bar"),
        width=checks.number(
            given.width,
            "A figure {} inches wide cannot be drawn: choose 1 to 60.",
            lambda width: 1 <= width <= 60,
        ),
        own_limits=_own_limits(given, count),
    )


def _texts(values: Any, what: str, count: int, of: str) -> list[str]:
    """One text each, or none at all."""
    listed = checks.listed(values, what.capitalize())
    found = [checks.text(value, f"Each of the {what}") for value in listed]
    return _one_each(found, what, count, of)


def _scales(given: Content, count: int) -> Scale | list[Scale] | None:
    """The colours of all pictures, or those of each; the latter need limits of their own."""
    if given.colormap is None or isinstance(given.colormap, str | Overlay):
        return None if given.colormap is None else _scale(given.colormap)
    if not given.own_limits:
        raise SettingError("One colour bar has one colour map: give own limits too, or one map.")
    scales = checks.listed(given.colormap, "Colour maps")
    return _one_each([_scale(each) for each in scales], "colour maps", count, "pictures")


def _scale(value: Any) -> Scale:
    return value if isinstance(value, Overlay) else check_colormap(value)


def _own_limits(given: Content, count: int) -> list[Limits | None]:
    values = checks.listed(given.own_limits, "Own limits")
    found = [None if value is None else checks.limits(value) for value in values]
    if found and given.colormap is None:
        raise SettingError(f"{len(found)} own limits have no colours: give a colormap too.")
    return _one_each(found, "own limits", count, "pictures")


def _one_each(found: list[Any], what: str, count: int, of: str) -> list[Any]:
    if len(found) not in (0, count):
        raise SettingError(f"{len(found)} {what} do not fit {count} {of}: give one each or none.")
    return found
