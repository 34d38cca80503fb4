"""Files to download: a picture (PNG), all heads (ZIP), a figure (PNG, PDF)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from heedmap import viz
from heedmap.views import attention, facts, names, photos, render
from heedmap.views.attention import Map
from heedmap.views.channels import Channel
from heedmap.views.compare import ALL, Column, Difference, Pair, on_one_scale
from heedmap.views.facts import Facts
from heedmap.views.reasons import METHODS, Reason
from heedmap.views.reasons import on_one_scale as in_means
from heedmap.views.render import Drawable, Look, drawn, even


def png(shown: Drawable, look: Look) -> bytes:
    """A map over its photo, as PNG."""
    return viz.encode_png(drawn(shown, look), render.alt(shown, look))


def heads_zip(shown: Map, look: Look, told: Facts, link: str = "") -> bytes:
    """The pictures of all heads of a layer, their values, and what they are.

    PHOTO-MODEL-LAYER-mean.png, PHOTO-MODEL-LAYER-head0.png, ...
    attention.npy    as it was recorded, (heads, rows, cols) float32
    view.json        see `names.view`
    """
    every = {f"{names.of_map(each)}.png": each for each in attention.heads(shown)}
    pictures = {name: drawn(each, look) for name, each in every.items()}
    about = {name: render.alt(each, look) for name, each in every.items()}
    stream = io.BytesIO(viz.zip_pngs(pictures, about))
    view = json.dumps(names.view(shown, look, link, told), indent=2, ensure_ascii=False)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("attention.npy", _npy(shown.source.maps[shown.layer]))
        archive.writestr("view.json", view)
    return stream.getvalue()


@dataclass(frozen=True)
class Figure:
    """All pictures of a page as one figure; drawn by `png` and `pdf`.

    Attributes:
        name: of its file, without extension.
        maps: what is shown, row by row.
        look: how it is drawn.
        captions: under each picture.
        columns: pictures a row.
        title: above all.
        told: facts under all.
        limits: the ends of the colour bar; None if each map has its own.
        rows: names of the rows.
        what: what the colours of that bar mean.
        difference: drawn after the maps, with colours and a bar of its own.
    """

    name: str
    maps: Sequence[Drawable]
    look: Look
    captions: Sequence[str]
    columns: int
    title: str
    told: Facts
    limits: tuple[float, float] | None = None
    rows: Sequence[str] = ()
    what: str = ""
    difference: Difference | None = None

    def png(self) -> bytes:
        """The figure as PNG."""
        return viz.to_png(self._drawn())

    def pdf(self) -> bytes:
        """The figure as PDF, one page."""
        return viz.to_pdf(self._drawn())

    def _drawn(self) -> Any:
        shown: list[Drawable] = [*self.maps]
        looks = [self.look] * len(shown)
        if self.difference:
            shown.append(self.difference)
            looks.append(self.difference.look(self.look))
        drawings = [render.overlay(*each) for each in zip(shown, looks, strict=True)]
        own = [self._own(*each) for each in zip(shown, drawings, strict=True)]
        one_bar = self.limits is not None and not self.difference
        return viz.grid_figure(
            [drawn(*each) for each in zip(shown, looks, strict=True)],
            captions=self.captions,
            columns=self.columns,
            title=self.title,
            footer=" · ".join(f"{label}: {value}" for label, value in self.told),
            colormap=drawings[0] if one_bar else drawings,
            limits=self.limits,
            colorbar_label=self.what,
            own_limits=[] if one_bar else own,
            row_labels=self.rows,
        )

    def _own(self, shown: Drawable, drawing: viz.Overlay) -> tuple[float, float] | None:
        """The ends of a picture's own bar; a mask has none, nor has a map on the common scale."""
        if shown is not self.difference and (self.limits or self.look.view != "overlay"):
            return None
        return drawing.limits_of(shown.values)


def layers_figure(shown: Sequence[Map], look: Look, columns: int) -> Figure:
    """All layers for one head; all heads if there is a single layer.

    Args:
        shown: the maps that are shown large, of one source.
        look: how they are drawn.
        columns: pictures a row.
    """
    first = shown[0]
    several = first.source.depth > 1
    every = attention.layers(first) if several else attention.heads(first)
    told = facts.layers(shown)
    return Figure(
        names.file_name(first.request, "layers" if several else "heads", names.of_head(first.head)),
        every,
        look,
        captions=[
            each.layer_name if several else attention.head_caption(each.head) for each in every
        ],
        columns=columns,
        title=f"{first.source.model}: {first.what}" + (f", {first.head_name}" if several else ""),
        told=[_photo(first), *told[1:4]],
        limits=None if look.scale == "map" else first.limits(look.scale),
    )


def channels_figure(rows: dict[str, list[Channel]], hero: Channel, look: Look) -> Figure:
    """The strongest channels of each layer.

    Args:
        rows: channels by layer, the same number for each.
        hero: the one that is shown large.
        look: how they are drawn.
    """
    every = [each for row in rows.values() for each in row]
    return Figure(
        names.file_name(hero.request, "channels"),
        every,
        look,
        captions=[f"channel {each.index}, mean {each.mean:.3g}" for each in every],
        columns=max(len(row) for row in rows.values()),
        title=f"{hero.source.model}: strongest channels",
        told=[_photo(hero), facts.channel(hero)[1], *_prediction(hero)],
        rows=list(rows),
    )


def comparison_figure(
    columns: Sequence[Column], look: Look, difference: Difference | None, pairs: Sequence[Pair]
) -> Figure:
    """Columns beside each other, the difference of two of them, and the numbers of each pair.

    Args:
        columns: what is shown.
        look: how it is drawn.
        difference: of two of the columns, or None.
        pairs: whose numbers are told.
    """
    scaled = on_one_scale([each.shown for each in columns])
    common = look.scale == ALL and look.view == "overlay"
    captions = [f"{each.title}\n{each.shown.source.model}\n{each.shown.what}" for each in columns]
    shown = list(dict.fromkeys(photos.title(each.photo) for each in columns))
    return Figure(
        names.file_name(columns[0].shown.request, "compare"),
        scaled,
        look,
        captions=[*captions, *([f"{difference.title}\n{difference.what}"] if difference else [])],
        columns=even(len(columns) + bool(difference), most=4),
        title=f"Comparison on “{'”, “'.join(shown)}”",
        told=[(pair.name, pair.told(look.keep)) for pair in pairs],
        limits=scaled[0].ends if common else None,
        what=scaled[0].what if common else "",
        difference=difference,
    )


def reasons_figure(shown: Sequence[Reason], look: Look) -> Figure:
    """The maps of several methods beside each other.

    Args:
        shown: what is shown, of one source.
        look: how it is drawn.
    """
    first = shown[0]
    maps = in_means(shown) if look.scale == METHODS else list(shown)
    return Figure(
        names.file_name(first.request, "why"),
        maps,
        look,
        captions=[f"{each.title}\n{each.what}" for each in maps],
        columns=even(len(maps), most=4),
        title=f"{first.source.model}: why",
        told=[_photo(first), *facts.reasons(first.source)[1:]],
    )


def _prediction(shown: Channel) -> list[tuple[str, str]]:
    """The verdict and the most probable classes; nothing for a model without class names."""
    classes = [(name, attention.percent(share)) for name, share in shown.source.predictions()]
    return [("Prediction", shown.source.verdict.rstrip(":")), *classes] if classes else []


def _photo(shown: Drawable) -> tuple[str, str]:
    return "Photo", photos.title(shown.request.photo)


def _npy(maps: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, maps)
    return stream.getvalue()
