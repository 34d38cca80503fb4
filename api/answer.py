"""Maps for a request: made by the functions of the pages, kept in their caches."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import numpy as np
from heedmap import models, viz
from heedmap.api.asked import FORMS, Asked
from heedmap.errors import SettingError
from heedmap.models.catalogue import names
from heedmap.views import asked as why
from heedmap.views import passes, photos, render, turns, wanted
from heedmap.views.request import Request
from heedmap.views.wanted import CHANNELS, Maps, Wanted
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

LOADS_WITHIN = 20.0  # seconds; a model that takes longer is asked for again
AGAIN = 5  # seconds until then


@dataclass(frozen=True)
class Found:
    """Maps of one photo.

    Attributes:
        request: the photo, the model and what it sees.
        model: the title of the model.
        kind: see `Wanted.kind`.
        seen: what the model saw.
        maps: of each layer.
    """

    request: Request
    model: str
    kind: str
    seen: Prepared
    maps: Sequence[Maps]


def answer(asked: Asked, content: bytes, tell: Callable[[str], object]) -> tuple[bytes, str]:
    """The body of an answer, and its media type; runs the model unless that pass is cached.

    Args:
        asked: what is asked for.
        content: the file of a photo, or nothing where `asked` names one.
        tell: called every now and then while this waits; what it raises ends the wait.

    Raises:
        HTTPException: a photo that is not here, or a model that is still being loaded.
        HeedmapError: as the functions of `views`.
    """
    key = _photo(asked, content)
    adapter = _loaded(asked.model)
    request = Request(key, adapter.id, asked.pixels or adapter.size, asked.fit)
    which = wanted.resolved(adapter, _with_layer(adapter, asked))
    with turns.visiting(f"api {uuid.uuid4().hex}", tell):
        seen, maps = _maps(adapter, request, which)
    found = Found(request, adapter.title, which.kind, seen, maps)
    made = {"json": _json, "npz": _npz, "png": _png}[asked.format](found)
    return made, FORMS[asked.format]


def _photo(asked: Asked, content: bytes) -> str:
    """The key of the photo."""
    if content and asked.photo:
        raise SettingError(
            "The request names a photo and sends another: leave out photo, or the body."
        )
    if content:
        return photos.take(content)
    if not asked.photo:
        raise SettingError(
            "There is no photo in the request: send its file as the body, or name one in photo."
        )
    if not photos.known(asked.photo):
        samples = ", ".join(viz.sample_ids())
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            f"This server has no photo with this key (any more): send its file, or name one of "
            f"{samples}.",
        )
    return asked.photo


def _loaded(id: str) -> Adapter:
    loading = models.begin(id)
    try:
        return loading.result(LOADS_WITHIN)
    except TimeoutError:
        share = f", {loading.progress.share:.0%}" if loading.progress.bytes_total else ""
        raise HTTPException(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"{names.canonical(id)} is being loaded ({loading.progress.phase}{share}): ask again "
            f"in {AGAIN} s.",
            {"Retry-After": str(AGAIN)},
        ) from None


def _with_layer(adapter: Adapter, asked: Asked) -> Wanted:
    """What is wanted, with the last layer of attention where none is named."""
    which = asked.wanted
    attends = adapter.kinds and which.kind not in (CHANNELS, *viz.METHODS)
    return replace(which, layers=("-1",)) if attends and not asked.layer else which


def _maps(adapter: Adapter, request: Request, which: Wanted) -> tuple[Prepared, Sequence[Maps]]:
    """What the model saw, and the maps."""
    if which.kind == CHANNELS:
        layers = passes.activations(adapter, request, which.layers, wanted.AFTER)
        return layers[1], wanted.of_activations(which, layers[0])
    if which.kind in viz.METHODS:
        _, seen = why.output(adapter, request)
        each = [why.Asked(request, which.kind, None, layer) for layer in wanted.asked(which)]
        reasons = [why.explanation(adapter, one) for one in each]
        return seen, wanted.of_explanations(which, reasons)
    mean = which.kind == "received" and "tokens" in adapter.kinds
    record, seen = passes.attention(adapter, request, mean)
    return seen, wanted.of_attention(which, record)


def _about(found: Found) -> dict[str, Any]:
    """What the maps are of."""
    height, width = found.seen.view.shape[:2]
    return {
        "model": {"id": found.request.model, "title": found.model},
        "photo": found.request.photo,
        "kind": found.kind,
        "size": found.request.size,
        "fit": found.request.fit,
        "saw": {"width": width, "height": height, "box": list(found.seen.box)},
    }


def _layer(maps: Maps) -> dict[str, Any]:
    rows, cols = maps.values.shape[1:]
    told = {"layer": maps.layer, "heads": list(maps.heads), "rows": rows, "cols": cols}
    return {**told, "target": maps.target} if maps.target else told


def _json(found: Found) -> bytes:
    """The maps as lists, six digits a number."""
    layers = [{**_layer(maps), "maps": _numbers(maps.values)} for maps in found.maps]
    return json.dumps({**_about(found), "layers": layers}, separators=(",", ":")).encode()


def _numbers(values: np.ndarray) -> Any:
    flat = [float(f"{value:.6g}") if np.isfinite(value) else None for value in values.ravel()]
    return np.array(flat, object).reshape(values.shape).tolist()


def _npz(found: Found) -> bytes:
    """An array (heads, rows, cols) float32 for each layer, and "about" as JSON."""
    stream = io.BytesIO()
    about = {**_about(found), "layers": [_layer(maps) for maps in found.maps]}
    arrays: dict[str, Any] = {maps.layer or "map": maps.values for maps in found.maps}
    np.savez_compressed(stream, about=np.array(json.dumps(about)), **arrays)
    return stream.getvalue()


def _png(found: Found) -> bytes:
    """One map over its photo."""
    if len(found.maps) > 1:
        raise SettingError(
            f"A picture shows one layer, these are {len(found.maps)}: name one in layer, or ask "
            "for json or npz."
        )
    picture = render.plain(render.base(found.request, found.seen), found.maps[0].shown(found.kind))
    return viz.encode_png(picture)
