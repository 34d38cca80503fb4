"""Maps and photos as panels of the stage and items of a gallery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from heedmap.languages import Phrase
from heedmap.pages.stage.components.sent import Followed, Group, Item, Panel, Pin, Place
from heedmap.views import attention, data_urls, explain, facts, patches, photos, render
from heedmap.views.attention import Map
from heedmap.views.channels import Channel
from heedmap.views.compare import BOTH, Column, Failed, Scaled, on_one_scale
from heedmap.views.pairs import Difference
from heedmap.views.reasons import Reason
from heedmap.views.render import THUMBNAIL, Drawable, Look
from heedmap.views.request import Request

if TYPE_CHECKING:
    from heedmap.models import Prepared


def panel(
    shown: Drawable, look: Look, scales: Sequence[str], *, share: bool = False, tag: str = ""
) -> Panel:
    """A map as a large picture, with its values and the ends of its colour bars."""
    rows, columns = shown.values.shape
    height, width = render.base(shown.request, shown.seen, look.over).shape[:2]
    return {
        "title": shown.title,
        "tag": tag,
        "src": data_urls.of_base(shown.request, shown.seen, look.over),
        "width": width,
        "height": height,
        "alt": render.alt(shown, look),
        "grid": [rows, columns],
        "values": data_urls.base64_of(shown.values),
        "what": shown.what,
        "limits": {scale: render.limits(shown, scale) for scale in scales},
        "colors": "signed" if shown.signed else "colors",
        "signed": shown.signed,
        "share": share,
        "badge": shown.label,
    }


def attention_panels(
    shown: Sequence[Map], look: Look, scales: Sequence[str], less: Difference | None = None
) -> list[Panel]:
    """Attention maps as large pictures, and the difference of two, if it is asked for.

    Maps of several models are tagged with their model.
    """
    several = len({each.request.model for each in shown}) > 1
    drawn, fitting = _on_scale(shown, look, scales)
    made = [
        panel(
            each,
            look,
            _cheap(own, look, fitting),
            share=True,
            tag=own.source.model if several else "",
        )
        | (_live(own) if each.values is own.values else {})
        for each, own in zip(drawn, shown, strict=True)
    ]
    return [*made, *([_alone(less, look, scales)] if less else [])]


def _on_scale(
    shown: Sequence[Map], look: Look, scales: Sequence[str]
) -> tuple[Sequence[Drawable], Sequence[str]]:
    """Maps as they are drawn, and the scales whose ends are known.

    Unlike maps have one scale only as shares per area, which are other values: the browser waits
    for them before it changes to that scale or back.
    """
    if BOTH not in scales:
        return shown, scales
    scaled = on_one_scale(shown)
    if not scaled[0].shares:
        return scaled, scales
    if look.scale == BOTH:
        return scaled, (BOTH,)
    return shown, [scale for scale in scales if scale != BOTH]


def compared_panels(
    opened: Sequence[Column | Failed], difference: Difference | None, look: Look,
    scales: Sequence[str],
) -> list[Panel]:  # fmt: skip
    """Columns as large pictures on one scale, then the difference of two."""
    columns = [each for each in opened if isinstance(each, Column)]
    scaled = iter(on_one_scale([each.shown for each in columns]) if columns else [])
    size = columns[0].shown.seen.view.shape[:2] if columns else (1, 1)
    made = [
        _compared(each, next(scaled), look, scales)
        if isinstance(each, Column)
        else _failed(each, size)
        for each in opened
    ]
    if difference:
        made.append(
            {
                **_alone(difference, look, scales),
                "place": _place(difference.request, difference.seen),
            }
        )
    return made


def _compared(column: Column, scaled: Scaled, look: Look, scales: Sequence[str]) -> Panel:
    shown = column.shown
    share = isinstance(shown, Map)
    made = panel(scaled, look, scales, share=share, tag=shown.source.model)
    made |= {"title": column.title, "place": _place(scaled.request, scaled.seen)}
    if isinstance(shown, Map) and (asks := pin(shown, f"{column.letter.lower()}.")):
        made["pin"] = asks
    return made


def _failed(column: Failed, size: tuple[int, int]) -> Panel:
    """What stands in for a picture, in its proportions."""
    return {"title": column.letter, "says": column.why, "alt": column.why, "src": "",
            "height": size[0], "width": size[1]}  # fmt: skip


def _alone(shown: Difference, look: Look, scales: Sequence[str]) -> Panel:
    """A difference, which has no mask."""
    return {**panel(shown, shown.look(look), scales), "view": "overlay"}


def _place(request: Request, seen: Prepared) -> Place:
    height, width = photos.pixels(request.photo).shape[:2]
    left, top, right, bottom = seen.box
    box = [left / width, top / height, right / width, bottom / height]
    return {"photo": request.photo, "box": box}


def pin(shown: Map, prefix: str = "") -> Pin | None:
    """How a patch is pinned on attention maps; None for a model that has none from patches."""
    source = shown.source
    if not source.home:
        return None
    return {
        "kind": patches.KIND,
        "home": source.home,
        "grid": list(source.seen.grid),
        "at": list(source.patch) if source.patch else None,
        "prefix": prefix,
    }


def followed(shown: Map) -> Followed | None:
    """From what the browser may compute the maps of a layer: not if outliers are to be hidden."""
    source = shown.source
    if shown.hide or not source.home:
        return None
    at = list(source.patch) if source.patch else None
    return {"id": patches.id_of(shown.request, shown.layer), "at": at}


def _live(shown: Map) -> Panel:
    layer = followed(shown)
    return {"live": {"id": layer["id"], "head": shown.head}} if layer else {}


def _cheap(shown: Map, look: Look, scales: Sequence[str]) -> Sequence[str]:
    """The colour scales whose ends are sent at once; others are computed when they are chosen."""
    slow = shown.hide or isinstance(shown.source.maps, patches.Layers)
    return [scale for scale in scales if scale in ("map", "layer", look.scale) or not slow]


def photo_panel(shown: Drawable) -> Panel:
    """The photo beside a map; see `photo_of`."""
    return photo_of(shown.request, shown.seen, shown.values.shape)


def photo_of(request: Request, seen: Prepared, grid: tuple[int, ...]) -> Panel:
    """A photo on the grid of the maps beside it; what a crop left out is darkened."""
    photo = request.photo
    height, width = photos.pixels(photo).shape[:2]
    made: Panel = {
        "title": Phrase("The photo, and the part it saw" if seen.fit == "crop" else "The photo"),
        "src": data_urls.of_photo(photo),
        "width": width,
        "height": height,
        "alt": Phrase("The photo: {name}", name=photos.name(photo)),
        "grid": list(grid),
    }
    if credit := photos.credit(photo):
        made["credit"] = credit
    if seen.fit == "crop":
        made["box"] = _place(request, seen)["box"]
    return made


def photo_item(photo: str) -> Item:
    """The thumbnail of a photo, with its credit under the pointer."""
    credit = photos.credit(photo)
    return {
        "key": photo,
        "src": data_urls.of_thumbnail(photo),
        "alt": photos.alt(photo),
        "title": Phrase("{name}. {credit}", name=photos.name(photo), credit=credit)
        if credit
        else photos.name(photo),
    }


def head_items(shown: Map, look: Look) -> list[Item]:
    """The mean and all heads of a layer as thumbnails."""
    every = attention.heads(shown)
    return [_item(each.head, attention.head_caption(each.head), each, look) for each in every]


def layer_items(shown: Map, look: Look) -> list[Item]:
    """All layers as thumbnails."""
    every = attention.layers(shown)
    return [_item(str(each.layer), each.layer_name, each, look) for each in every]


def channel_groups(rows: dict[str, list[Channel]], look: Look) -> list[Group]:
    """Channels as thumbnails, a group for each layer."""
    return [
        {
            "title": layer,
            "note": facts.channels(row[0]),
            "items": [
                _item(
                    each.name,
                    Phrase("Channel {index}", index=each.index),
                    each,
                    look,
                    note=Phrase("mean {mean:.3g}", mean=each.mean),
                )
                for each in row
            ],
        }
        for layer, row in rows.items()
    ]


def words(shown: Map | Channel | Reason, look: Look, drawn: bool) -> list[tuple[str, str, str]]:
    """What the words of the page mean, each with a data URL of a picture, "" unless `drawn`."""
    if isinstance(shown, Map):
        told = explain.of_attention(shown, look)
    elif isinstance(shown, Reason):
        told = explain.of_reason(shown, look)
    else:
        told = explain.of_channel(shown, look)
    return [(term, text, data_urls.encoded(draw()) if drawn else "") for term, text, draw in told]


def ratio(seen: Prepared) -> float:
    """Width over height of thumbnails, between 1/2 and 3; beyond, a picture has margins."""
    height, width = seen.view.shape[:2]
    return float(min(3.0, max(0.5, width / height)))


def _item(key: str, caption: str, shown: Drawable, look: Look, note: str = "") -> Item:
    return {
        "key": key,
        "src": data_urls.of_map(shown, look, THUMBNAIL),
        "caption": caption,
        "note": note,
        "alt": Phrase("{title}. Strongest: {place}.", title=shown.title, place=shown.strongest),
        "title": Phrase("Strongest: {place}", place=shown.strongest),
    }
