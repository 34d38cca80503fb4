"""A host's own checkpoints: each subfolder of HEEDMAP_MODELS with a model.toml is one model.

architecture = "vit_small_patch16_224"   # a name that timm knows; left out where config.json
                                         # in the folder says it (Transformers, timm)
weights = "model.safetensors"            # the default
title = "Ward 7, epoch 40"               # default: the folder's name
can = ["attention"]                      # what it can do (models/capabilities.py); default: guessed
                                         # from the name
classes = ["healthy", "ill"]             # names of the logits, in order
size = 224                               # short side, px
mean = [0.5, 0.5, 0.5]                   # of the training, on a scale of 0 to 1
std = [0.5, 0.5, 0.5]
crop_pct = 0.9
interpolation = "bicubic"
licence = "..."
note = "..."
[model_args]                             # what timm.create_model needs besides
num_classes = 2                          # default: the number of classes, else the architecture's
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from heedmap.errors import CheckpointError
from heedmap.models.capabilities import CAPABILITIES, Can
from heedmap.models.catalogue.entries import VIT, Model, contrastive

TOML = "model.toml"
PREFIX = "local:"
PREPROCESSING = ("size", "mean", "std", "crop_pct", "interpolation")
KNOWN = {"architecture", "weights", "title", "can", "classes", "licence", "note", "model_args"}
ATTENDS = re.compile(r"(^|_)(vit|naflexvit|deit3?|eva\d*|beitv?\d?|cait|xcit|samvit)_")


def records() -> list[Model]:
    """The models of HEEDMAP_MODELS, by name; a folder that is not there holds none.

    What is wrong with a model.toml, or with weights that do not fit, is said when one is loaded.
    """
    root = os.environ.get("HEEDMAP_MODELS", "")
    if not root:
        return []
    found = sorted(Path(root).expanduser().glob(f"*/{TOML}"))
    return [_record(path.parent) for path in found]


def read(folder: Path) -> dict[str, Any]:
    """The settings of a folder, {} where it has no model.toml.

    Raises:
        CheckpointError: a file that is no TOML, an unknown key or a value of the wrong kind.
    """
    path = folder / TOML
    if not path.is_file():
        return {}
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{folder.name}/{TOML} is no TOML, {error}: correct it.") from error
    for key in said:
        if key not in KNOWN | set(PREPROCESSING):
            known = ", ".join(sorted(KNOWN | set(PREPROCESSING)))
            raise CheckpointError(
                f"{folder.name}/{TOML} has the unknown key {key!r}: use one of {known}."
            )
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
    """What timm.create_model needs besides the name."""
    said = read(folder)
    own: dict[str, Any] = dict(said.get("model_args", {}))
    if "classes" in said:
        own.setdefault("num_classes", len(said["classes"]))
    return own


def _record(folder: Path) -> Model:
    id = f"{PREFIX}{folder.name}"
    try:
        said = read(folder)
    except CheckpointError as error:
        return Model(id, folder.name, VIT, "timm", folder=folder, note=str(error))
    kind = "" if "architecture" in said else _config(folder).get("model_type", "")
    weights = folder / said.get("weights", "model.safetensors")
    return Model(
        id=id,
        title=said.get("title", folder.name),
        can=_can(folder, said, kind),
        library="transformers" if kind else "timm",
        architecture=said.get("architecture", ""),
        licence=said.get("licence", ""),
        download_bytes=weights.stat().st_size if weights.is_file() else 0,
        size=said.get("size", 0),
        folder=folder,
        weights=weights.name,
        note=said.get("note", ""),
    )


def _config(folder: Path) -> dict[str, Any]:
    """The folder's config.json, {} where there is none that can be read."""
    try:
        said: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said


def _can(folder: Path, said: dict[str, Any], kind: str) -> Can:
    """What model.toml says, or a guess from the name."""
    if "can" in said:
        return frozenset(said["can"])
    name = said.get("architecture") or kind or _config(folder).get("architecture", "")
    if not kind and not ATTENDS.search(f"{name}_"):
        return frozenset({"convolutions"})
    return frozenset({"attention", "contrastive"}) if contrastive(name) else VIT


def _capabilities(value: Any) -> bool:
    return isinstance(value, list) and CAPABILITIES.issuperset(map(str, value))


def _check(folder: Path, said: dict[str, Any]) -> None:
    """Values of the right kind, so that what follows may rely on them."""

    def numbers(value: Any) -> bool:
        return (
            isinstance(value, list)
            and len(value) == 3
            and all(isinstance(v, int | float) for v in value)
        )

    tests: dict[str, tuple[bool, str]] = {
        "mean": (numbers(said.get("mean", [0, 0, 0])), "three numbers"),
        "std": (numbers(said.get("std", [1, 1, 1])), "three numbers"),
        "size": (isinstance(said.get("size", 1), int), "a whole number of pixels"),
        "crop_pct": (isinstance(said.get("crop_pct", 1.0), int | float), "a number up to 1"),
        "can": (_capabilities(said.get("can", [])), f"some of {', '.join(sorted(CAPABILITIES))}"),
        "interpolation": (
            said.get("interpolation", "bicubic") in ("bilinear", "bicubic"), "bilinear or bicubic",
        ),
        "model_args": (isinstance(said.get("model_args", {}), dict), "a table"),
        "classes": (
            isinstance(said.get("classes", []), list)
            and all(isinstance(name, str) for name in said.get("classes", [])), "a list of names",
        ),
    }  # fmt: skip
    for key in ("architecture", "weights", "title", "licence", "note"):
        tests[key] = (isinstance(said.get(key, ""), str), "a text")
    for key, (right, kind) in tests.items():
        if not right:
            raise CheckpointError(
                f"{folder.name}/{TOML} sets {key} = {said[key]!r}: it has to be {kind}."
            )
