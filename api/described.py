"""The interface described: an OpenAPI document."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from heedmap import viz
from heedmap.api.asked import FORMS
from heedmap.api.problems import MEDIA
from heedmap.models import Model
from heedmap.views.wanted import CHANNELS

Json = dict[str, Any]

KINDS = ("cls", "received", "pool", CHANNELS)

_NUMBER, _TEXT = {"type": "integer"}, {"type": "string"}
_FIELDS: dict[str, tuple[str, Json]] = {
    "model": (
        "Id of a model; GET /models lists them. Where the host lets visitors paste ids, also "
        "owner/name on the hub or a name of timm.",
        {**_TEXT, "default": "bundled-vit"},
    ),
    "photo": (
        "In place of a body: the name of a sample, or the key that an answer gave for a photo.",
        {**_TEXT, "examples": ["cat"]},
    ),
    "kind": (
        "cls: from CLS; received: mean over the queries of all patches; pool: of a pooling head; "
        "channels: of convolutions; or a method that asks why. By default what the model shows "
        "first.",
        {**_TEXT, "enum": [*KINDS, *viz.METHODS]},
    ),
    "layer": (
        "Numbers from 0 (-1 is the last) or names of convolutions, separated by commas; all. By "
        "default the last layer of attention, three convolutions, or a method's own choice.",
        {**_TEXT, "examples": ["-1"]},
    ),
    "head": (
        "all, mean, or the number of a head or channel.",
        {**_TEXT, "default": "all"},
    ),
    "size": (
        "Short side that the model sees, px; by default the model's own.",
        {**_NUMBER, "minimum": 1, "maximum": 1036},
    ),
    "fit": (
        "The whole photo, its middle, or all of it made square.",
        {**_TEXT, "enum": ["whole", "crop", "squash"], "default": "whole"},
    ),
    "format": (
        "JSON; NPZ with an array (heads, rows, cols) float32 a layer, and about; or PNG, one layer "
        "over the photo. By default what the header Accept names, else JSON.",
        {**_TEXT, "enum": list(FORMS)},
    ),
}
_STATUS = {
    "400": "A field or a setting that cannot be used.",
    "401": "No key, or a wrong one.",
    "403": "A model that the host does not offer.",
    "404": "No such model or photo.",
    "408": "The request did not arrive in time.",
    "413": "A photo of more than 20 MB.",
    "415": "A form: send the photo as the body itself.",
    "422": "A body that is no photo, or a model that cannot show this.",
    "429": "All places are taken: ask again after the seconds in Retry-After.",
    "502": "The model's files cannot be fetched.",
    "503": "The model is being loaded: ask again after the seconds in Retry-After. Or the engine "
    "that runs the models cannot be reached now.",
}


def document() -> Json:
    """The interface as OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Heedmap",
            "version": version("heedmap"),
            "description": "See what a vision model looks at. Attention shows where a model reads "
            "information; it does not explain a decision.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{}, {"key": []}],
        "paths": {
            "/maps": {"post": _maps()},
            "/models": {"get": _get("models", "The models that the host offers", _models(), "401")},
            "/health": {"get": _get("health", "Whether the server answers", _health())},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _problem(), "Maps": _answer()},
        },
    }


def model(record: Model) -> Json:
    """What is told of a model."""
    return {
        "id": record.id,
        "title": record.title,
        "can": sorted(record.can),
        "group": record.group,
        "size": record.size or None,
        "licence": record.licence or None,
        "parameters": record.parameters or None,
        "download_bytes": 0 if record.folder else record.download_bytes or None,
        "gated": record.gated,
        "note": record.note,
    }


def _maps() -> Json:
    query = [
        {"name": name, "in": "query", "description": told, "schema": schema}
        for name, (told, schema) in _FIELDS.items()
    ]
    json = _object({name: {**schema, "description": t} for name, (t, schema) in _FIELDS.items()})
    image = {"schema": {"type": "string", "format": "binary"}}
    binary = {form: image for name, form in FORMS.items() if name != "json"}
    content = {FORMS["json"]: {"schema": {"$ref": "#/components/schemas/Maps"}}, **binary}
    return {
        "operationId": "maps",
        "summary": "Maps of one photo",
        "description": "Send the file of a photo as the body and all else in the query, or all as "
        "JSON with the name or key of a photo.",
        "parameters": query,
        "requestBody": {
            "content": {"application/octet-stream": image, "application/json": {"schema": json}}
        },
        "responses": {
            "200": {"description": "The maps.", "content": content},
            **_failures(*_STATUS),
        },
    }


def _get(id: str, summary: str, schema: Json, *failures: str) -> Json:
    answered = {"description": summary, "content": {"application/json": {"schema": schema}}}
    return {
        "operationId": id,
        "summary": summary,
        "responses": {"200": answered, **_failures(*failures)},
    }


def _failures(*status: str) -> Json:
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {each: {"description": _STATUS[each], "content": {MEDIA: schema}} for each in status}


def _object(properties: Json, required: tuple[str, ...] = ()) -> Json:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed}


def _problem() -> Json:
    own = {"type": _TEXT, "title": _TEXT, "status": _NUMBER}
    told = {**_TEXT, "description": "What is wrong, and what to do."}
    return _object({**own, "detail": told}, ("type", "title", "status", "detail"))


def _models() -> Json:
    maybe = {"type": ["integer", "null"]}
    one = _object(
        {
            "id": _TEXT,
            "title": _TEXT,
            "can": {"type": "array", "items": _TEXT},
            "group": _TEXT,
            "size": maybe,
            "licence": {"type": ["string", "null"]},
            "parameters": maybe,
            "download_bytes": maybe,
            "gated": {"type": "boolean"},
            "note": _TEXT,
        },
        ("id", "title", "can"),
    )
    return _object({"models": {"type": "array", "items": one}}, ("models",))


def _health() -> Json:
    return _object({"status": {"const": "ok"}, "version": _TEXT}, ("status", "version"))


def _answer() -> Json:
    number = {"type": ["number", "null"]}
    box = {"type": "array", "items": {"type": "number"}, "description": "left, top, right, bottom"}
    layer = _object(
        {
            "layer": {**_TEXT, "description": "Its number from 0, or its name."},
            "heads": {
                "type": "array",
                "items": _NUMBER,
                "description": "Head or channel of each map; -1 is the mean of all.",
            },
            "rows": _NUMBER,
            "cols": _NUMBER,
            "target": {**_TEXT, "description": "The class that a method was asked about."},
            "maps": {
                "type": "array",
                "description": "(heads, rows, cols), six digits a number.",
                "items": {"type": "array", "items": {"type": "array", "items": number}},
            },
        },
        ("layer", "heads", "rows", "cols", "maps"),
    )
    return _object(
        {
            "model": _object({"id": _TEXT, "title": _TEXT}, ("id", "title")),
            "photo": {**_TEXT, "description": "The key to ask for other maps of this photo."},
            "kind": _TEXT,
            "size": _NUMBER,
            "fit": _TEXT,
            "saw": _object({"width": _NUMBER, "height": _NUMBER, "box": box}),
            "layers": {"type": "array", "items": layer},
        },
        ("model", "photo", "kind", "size", "fit", "saw", "layers"),
    )
