"""What exported files are called, and what a machine reads of them: view.json."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from heedmap.views import photos
from heedmap.views.attention import MEAN, Map
from heedmap.views.channels import Channel
from heedmap.views.compare import Scaled
from heedmap.views.facts import Facts
from heedmap.views.large import Large
from heedmap.views.pairs import Difference
from heedmap.views.reasons import Reason
from heedmap.views.render import Drawable
from heedmap.views.request import Request
from heedmap.views.texts import WordMap


def file_name(request: Request, *parts: str) -> str:
    """The name of a file, without extension: photo, model, and what of it."""
    return _plain("-".join([photos.stem(request.photo), request.model, *parts]))


def of_layer(shown: Map) -> str:
    """The name of a file with all heads of a layer."""
    return file_name(shown.request, shown.layer_name.lower().replace(" ", ""))


def of_head(head: str) -> str:
    """A head in the name of a file."""
    return MEAN if head == MEAN else f"head{head}"


def of_map(shown: Drawable) -> str:
    """The name of a file with one map."""
    if isinstance(shown, Map):
        return f"{of_layer(shown)}-{of_head(shown.head)}"
    if isinstance(shown, Scaled):
        return f"{of_map(shown.own)}-shares" if shown.shares else of_map(shown.own)
    if isinstance(shown, Reason):
        return file_name(shown.request, shown.title, "in-means" if shown.ends else "")
    return file_name(shown.request, shown.title)


def each_once(shown: Sequence[Drawable]) -> list[str]:
    """The name of a file for each of some maps, numbered where names come twice."""
    given: list[str] = []
    for name in map(of_map, shown):
        count = sum(each == name or each.startswith(f"{name}~") for each in given)
        given.append(f"{name}~{count + 1}" if count else name)
    return given


def view(pictures: Sequence[Large], link: str, told: Facts) -> dict[str, Any]:
    """All that makes some pictures again, as JSON takes it.

    Args:
        pictures: maps, and how they are drawn.
        link: the address that shows the view; it names the version of Heedmap.
        told: facts in words.
    """
    made = [
        {**_of(each.shown), "colours": asdict(each.look),
         "limits": list(each.shown.limits(each.look.scale))}
        for each in pictures
    ]  # fmt: skip
    return {"link": link, "facts": [list(fact) for fact in told], "pictures": made}


def _of(shown: Drawable) -> dict[str, Any]:
    """What a map is of."""
    if isinstance(shown, Scaled):
        return {**_of(shown.own), "share_per_area": shown.shares}
    if isinstance(shown, Difference):
        pair = (shown.pair.first.shown, shown.pair.second.shown)
        first, second = map(_of, pair)
        return {"title": shown.title, "what": shown.what, "first": first, "second": second}
    request, seen = shown.request, shown.seen
    height, width = seen.view.shape[:2]
    rows, columns = shown.values.shape
    return {
        "title": shown.title,
        "what": shown.what,
        "model": request.model,
        "photo": {"name": photos.title(request.photo), "sha256": photos.sha256(request.photo)},
        "size": request.size,
        "fit": request.fit,
        "saw": {"width": width, "height": height, "box": list(seen.box)},
        "grid": {"rows": rows, "columns": columns},
        **_own(shown),
    }


def _own(shown: Drawable) -> dict[str, Any]:
    """What only maps of this sort have."""
    if isinstance(shown, Map):
        source = shown.source
        return {
            "kind": source.kind,
            "patch": source.patch,
            "layer": shown.layer,
            "layers": source.depth,
            "head": MEAN if shown.head == MEAN else int(shown.head),
            "heads": source.heads(shown.layer),
            "hide_outliers": shown.hide,
        }
    if isinstance(shown, Channel):
        after = shown.source.activations.after
        return {"layer": shown.layer, "channel": shown.index, "after": after}
    if isinstance(shown, Reason):
        asked = shown.asked
        return {"method": asked.method, "target": asked.target, "layer": asked.layer,
                "random_weights": asked.random}  # fmt: skip
    if isinstance(shown, WordMap):
        return {"text": shown.source.texts[shown.index], "map": shown.kind}
    return {}


def _plain(name: str) -> str:
    return re.sub(r"[^\w.]+", "-", name).strip("-.")[:150]
