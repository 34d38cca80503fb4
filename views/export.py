"""What can be taken along from each page: its large pictures, and all heads, layers or channels."""

from __future__ import annotations

from collections.abc import Sequence

from heedmap.languages import Phrase, number
from heedmap.views import attention, facts, names, photos
from heedmap.views.attention import Map
from heedmap.views.channels import Channel
from heedmap.views.facts import Facts
from heedmap.views.figure import Figure
from heedmap.views.large import Large
from heedmap.views.pairs import Pair
from heedmap.views.render import Look, even


def large(pictures: Sequence[Large], told: Facts, link: str = "", most: int = 4) -> Figure:
    """The large pictures of a page, in even rows of at most `most`."""
    shown = [each.shown for each in pictures]
    request = shown[0].request
    every = list(dict.fromkeys(photos.title(each.request.photo) for each in shown))
    name = names.of_map(shown[0]) if len(shown) == 1 else names.file_name(request, "pictures")
    label = Phrase("The large picture" if len(shown) == 1 else "The large pictures")
    on = f"“{'”, “'.join(every)}”"
    title = f"{shown[0].title}: {shown[0].what} · {on}" if len(shown) == 1 else f"Maps on {on}"
    return Figure(
        label, name, pictures, even(len(pictures), most), title, told, link=link,
    )  # fmt: skip


def heads(hero: Map, look: Look, told: Facts, link: str = "") -> Figure:
    """The mean and all heads of the layer of a map."""
    every = [Large(each, look, attention.head_caption(each.head)) for each in attention.heads(hero)]
    title = f"{hero.source.model}: {hero.what}, {hero.layer_name.lower()}"
    return Figure(
        Phrase("All heads of the layer"), names.file_name(hero.request, "heads"), every,
        even(len(every), 5), title, [_photo(hero), *told[1:4]], link=link,
    )  # fmt: skip


def layers(shown: Sequence[Map], look: Look, columns: int, link: str = "") -> Figure:
    """All layers for one head; all heads if there is a single layer.

    Args:
        shown: the maps that are shown large, of one source.
        look: how they are drawn.
        columns: pictures a row.
        link: the address of the view.
    """
    first, told = shown[0], facts.layers(shown)
    if first.source.depth == 1:
        return heads(first, look, told, link)
    every = [Large(each, look, each.layer_name) for each in attention.layers(first)]
    return Figure(
        Phrase("All layers"),
        names.file_name(first.request, "layers", names.of_head(first.head)),
        every,
        even(len(every), columns),
        f"{first.source.model}: {first.what}, {first.head_name}",
        [_photo(first), *told[1:4]],
        link=link,
    )


def channels(rows: dict[str, list[Channel]], hero: Channel, look: Look, link: str = "") -> Figure:
    """The strongest channels of each layer.

    Args:
        rows: channels by layer, the same number for each.
        hero: the one that is shown large.
        look: how they are drawn.
        link: the address of the view.
    """
    every = [
        Large(each, look, f"channel {each.index}, mean {number(each.mean)}")
        for row in rows.values()
        for each in row
    ]
    return Figure(
        Phrase("The strongest channels"), names.file_name(hero.request, "channels"), every,
        max(len(row) for row in rows.values()), f"{hero.source.model}: strongest channels",
        [_photo(hero), facts.channel(hero)[1], *_prediction(hero)], list(rows), link,
    )  # fmt: skip


def pairs_told(pairs: Sequence[Pair], keep: float) -> Facts:
    """The numbers of each pair of columns, as facts under a figure."""
    return [(pair.name, pair.told(keep)) for pair in pairs]


def _prediction(shown: Channel) -> Facts:
    """The verdict and the most probable classes; nothing for a model without class names."""
    classes = [(name, attention.percent(share)) for name, share in shown.source.predictions()]
    return [("Prediction", shown.source.verdict.rstrip(":")), *classes] if classes else []


def _photo(shown: Map | Channel) -> tuple[str, str]:
    return "Photo", photos.title(shown.request.photo)
