"""What exported files are called, and what a machine reads of them: view.json."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from heedmap.views import photos
from heedmap.views.attention import MEAN, Map
from heedmap.views.facts import Facts
from heedmap.views.render import Look
from heedmap.views.request import Request


def file_name(request: Request, *parts: str) -> str:
    """The name of a file, without extension: photo, model, and what of it."""
    whole = "-".join([photos.stem(request.photo), request.model, *parts])
    return re.sub(r"[^\w.]+", "-", whole).strip("-.")[:150]


def of_layer(shown: Map) -> str:
    """The name of a file with all heads of a layer."""
    return file_name(shown.request, shown.layer_name.lower().replace(" ", ""))


def of_map(shown: Map) -> str:
    """The name of a file with one map."""
    return f"{of_layer(shown)}-{of_head(shown.head)}"


def of_head(head: str) -> str:
    """A head in the name of a file."""
    return MEAN if head == MEAN else f"head{head}"


def view(shown: Map, look: Look, link: str, told: Facts) -> dict[str, Any]:
    """All that makes a view again, as JSON takes it.

    Args:
        shown: the map that is shown large.
        look: how it is drawn.
        link: the address that shows it.
        told: facts in words.
    """
    request, seen = shown.request, shown.seen
    height, width = seen.view.shape[:2]
    return {
        "link": link,
        "model": {"id": request.model, "title": shown.source.model},
        "photo": {"name": photos.title(request.photo), "sha256": photos.sha256(request.photo)},
        "size": request.size,
        "fit": request.fit,
        "saw": {"width": width, "height": height, "box": list(seen.box)},
        "grid": {"rows": seen.grid[0], "columns": seen.grid[1]},
        "kind": shown.source.kind,
        "layer": shown.layer,
        "layers": shown.source.depth,
        "head": MEAN if shown.head == MEAN else int(shown.head),
        "heads": shown.source.heads(shown.layer),
        "hide_outliers": shown.hide,
        "colours": asdict(look),
        "limits": list(shown.limits(look.scale)),
        "facts": dict(told),
    }
