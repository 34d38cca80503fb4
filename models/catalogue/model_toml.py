"""model.toml: what a host says of a checkpoint of its own.

architecture = "vit_small_patch16_224"   # a name that timm knows; left out where config.json
                                         # in the folder says it (Transformers, timm)
factory = "package.module:function"      # in its place: code of your own that returns the module;
                                         # needs HEEDMAP_TRUST_LOCAL_CODE=yes
weights = "model.safetensors"            # a file in this folder; the default
title = "Ward 7, epoch 40"               # default: the folder's name
can = ["attention"]                      # what it can do (models/capabilities.py); default: guessed
                                         # from the name
classes = ["healthy", "ill"]             # names of the logits, in order
size = 224                               # short side, px
mean = [0.5, 0.5, 0.5]                   # of the training, on a scale of 0 to 1
std = [0.5, 0.5, 0.5]
crop_pct = 0.9                           # share of the short side that evaluation keeps
interpolation = "bicubic"                # or "bilinear"
dino = true                              # the fit "squash" as DINO's script does it (docs/dino.md)
licence = "..."
note = "..."
[model_args]                             # what timm.create_model, or the factory, needs besides
num_classes = 2                          # default: the number of classes, else the architecture's
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from heedmap.errors import CheckpointError, short
from heedmap.models.capabilities import CAPABILITIES

NAME = "model.toml"
PREPROCESSING = ("size", "mean", "std", "crop_pct", "interpolation", "dino")
MAX_SIZE = 1036  # px, as `prepare` takes it
OTHER_WEIGHTS = {"checkpoint_path", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay"}
FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def read(folder: Path) -> dict[str, Any]:
    """The settings of a folder, {} where it has no model.toml.

    Raises:
        CheckpointError: a file that cannot be read, an unknown key or a value out of range.
    """
    path = folder / NAME
    if not path.is_file():
        return {}
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(
            "{folder}/{file} is not TOML, {error}: correct it.",
            folder=folder.name,
            file=NAME,
            error=error,
        ) from error
    except OSError as error:
        raise CheckpointError(
            "{folder}/{file} cannot be read ({strerror}): check its permissions.",
            folder=folder.name,
            file=NAME,
            strerror=error.strerror,
        ) from error
    _check(folder, said)
    return said


def preprocessing(folder: Path) -> dict[str, Any]:
    """The fields of `Preprocessing` that model.toml sets."""
    said = read(folder)
    return {
        key: tuple(said[key]) if isinstance(said[key], list) else said[key]
        for key in PREPROCESSING
        if key in said
    }


def classes(folder: Path) -> list[str] | None:
    """Names of the logits, None where model.toml names none."""
    return read(folder).get("classes")


def model_args(folder: Path) -> dict[str, Any]:
    """What timm.create_model or the factory needs besides the name."""
    said = read(folder)
    own: dict[str, Any] = dict(said.get("model_args", {}))
    if "classes" in said and "factory" not in said:
        own.setdefault("num_classes", len(said["classes"]))
    return own


def _check(folder: Path, said: dict[str, Any]) -> None:
    for key, value in said.items():
        if key not in RULES:
            raise CheckpointError(
                "{folder}/{file} has the unknown key {key}: use one of {rules}.",
                folder=folder.name,
                file=NAME,
                key=short(key),
                rules=", ".join(sorted(RULES)),
            )
        right, kind = RULES[key]
        if not right(value):
            raise CheckpointError(
                "{folder}/{file} sets {key} = {value}: it has to be {kind}.",
                folder=folder.name,
                file=NAME,
                key=key,
                value=short(value),
                kind=kind,
            )
    if "architecture" in said and "factory" in said:
        raise CheckpointError(
            "{folder}/{file} sets both architecture and factory: leave one of them out.",
            folder=folder.name,
            file=NAME,
        )


def _number(value: Any, above: float, most: float) -> bool:
    return isinstance(value, int | float) and value is not True and above < value <= most


def _three(value: Any, least: float) -> bool:
    numbers = isinstance(value, list) and len(value) == 3
    return numbers and all(value is not False and _number(v, least, 1.0) for v in value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _size(value: Any) -> bool:
    return isinstance(value, int) and _number(value, 0, MAX_SIZE)


def _file(value: Any) -> bool:
    return _text(value) and value not in ("", "..") and Path(value.replace("\\", "/")).name == value


def _capabilities(value: Any) -> bool:
    return isinstance(value, list) and CAPABILITIES.issuperset(map(str, value))


def _classes(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_text, value))


def _arguments(value: Any) -> bool:
    return isinstance(value, dict) and not OTHER_WEIGHTS & set(value)


RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "architecture": (_text, "a text"),
    "factory": (
        lambda value: _text(value) and FACTORY.fullmatch(value) is not None,
        '"package.module:function"',
    ),
    "weights": (_file, "the name of a file in the same folder"),
    "title": (_text, "a text"),
    "can": (_capabilities, f"some of {', '.join(sorted(CAPABILITIES))}"),
    "classes": (_classes, "a list of names"),
    "size": (_size, f"a whole number of pixels from 1 to {MAX_SIZE}"),
    "mean": (lambda value: _three(value, -1e-9), "three numbers from 0 to 1"),
    "std": (lambda value: _three(value, 0.0), "three numbers above 0, up to 1"),
    "crop_pct": (lambda value: _number(value, 0.1 - 1e-9, 1.0), "a number from 0.1 to 1"),
    "interpolation": (lambda value: value in ("bilinear", "bicubic"), "bilinear or bicubic"),
    "dino": (lambda value: isinstance(value, bool), "true or false"),
    "licence": (_text, "a text"),
    "note": (_text, "a text"),
    "model_args": (_arguments, "a table that names no other weights"),
}
