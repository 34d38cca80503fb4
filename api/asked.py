"""What a request for maps asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from heedmap.errors import SettingError, short
from heedmap.views.wanted import Wanted

FORMS = {"json": "application/json", "npz": "application/x-npz", "png": "image/png"}


@dataclass(frozen=True)
class Asked:
    """What is asked for; a text each, as a query gives them.

    Attributes:
        model: the id of a model.
        photo: the name of a sample, or the key of a photo that was sent before.
        kind: see `Wanted.kind`.
        layer: numbers or names of layers, separated by commas, or "all"; by default the last layer
            of attention, three convolutions, or a method's own choice.
        head: see `Wanted.head`.
        size: the short side that the model sees, px.
        fit: "whole", "crop" or "squash".
        format: a key of `FORMS`.
    """

    model: str = "bundled-vit"
    photo: str = ""
    kind: str = ""
    layer: str = ""
    head: str = ""
    size: str = ""
    fit: str = "whole"
    format: str = ""

    @property
    def wanted(self) -> Wanted:
        """The maps; without a layer that is all of them."""
        layers = tuple(part.strip() for part in self.layer.split(",") if part.strip())
        return Wanted(self.kind, () if layers == ("all",) else layers, self.head or "all")

    @property
    def pixels(self) -> int | None:
        """The size as a number; None for the model's own.

        Raises:
            SettingError: not a whole number.
        """
        if self.size and not re.fullmatch(r"[0-9]{1,6}", self.size):
            raise SettingError(f"size={short(self.size)} is not a whole number of pixels.")
        return int(self.size) if self.size else None


NAMES = tuple(field.name for field in fields(Asked))


def of_values(values: Mapping[str, Any], accept: str = "") -> Asked:
    """What a query or a JSON object asks for; `accept` is the request's header.

    Raises:
        SettingError: a name that does not exist, or a value of another kind.
    """
    unknown = next((name for name in values if name not in NAMES), None)
    if unknown is not None:
        raise SettingError(f"There is no field {short(unknown)}: choose from {', '.join(NAMES)}.")
    asked = Asked(**{name: _text(name, value) for name, value in values.items()})
    form = asked.format or _accepted(accept)
    if form not in FORMS:
        raise SettingError(f"There is no format {short(form)}: choose from {', '.join(FORMS)}.")
    return Asked(**{**vars(asked), "format": form})


def of_json(content: bytes) -> dict[str, Any]:
    """The object in a JSON body.

    Raises:
        SettingError: not an object of JSON in UTF-8.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SettingError(
            'The body is not an object of JSON: send one such as {"photo": "cat", "model": '
            '"bundled-vit"}.'
        )
    return found


def _text(name: str, value: Any) -> str:
    """A value of JSON as a query would have it."""
    parts = value if isinstance(value, list) and name == "layer" else [value]
    plain = all(isinstance(part, str | int) and not isinstance(part, bool) for part in parts)
    if value is None or not plain:
        raise SettingError(f"{name} is a text or a number, not {short(value)}: write it as one.")
    return ",".join(_digits(part) for part in parts)


def _digits(value: str | int) -> str:
    """A number as text; one with thousands of digits is none that anything has."""
    return value if isinstance(value, str) else f"{value:d}" if abs(value) < 10**9 else "too large"


def _accepted(accept: str) -> str:
    """The form that the header Accept names, JSON by default."""
    return next((form for form, media in FORMS.items() if media in accept), "json")
