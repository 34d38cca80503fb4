"""A host's own checkpoints: each subfolder of HEEDMAP_MODELS with a model.toml is one model."""

from __future__ import annotations

import json
import logging
import re
from functools import cache
from pathlib import Path
from typing import Any

from heedmap.errors import CheckpointError, SettingError
from heedmap.models.capabilities import Can
from heedmap.models.catalogue import model_toml, policy
from heedmap.models.catalogue.entries import TEXT, VIT, Model, contrastive, reads_text

PREFIX = "local:"
GROUP = "Own folder"
ATTENDS = re.compile(r"(^|_)(vit|naflexvit|deit3?|eva\d*|beitv?\d?|cait|xcit|samvit)_")

_log = logging.getLogger(__name__)


def records() -> list[Model]:
    """The models of HEEDMAP_MODELS, by name.

    A folder that cannot be read is a model whose note says why; loading it says the same.
    """
    try:
        root = policy.models_folder()
    except SettingError as error:
        _warn(str(error))
        return []
    return (
        [_record(path.parent) for path in sorted(root.glob(f"*/{model_toml.NAME}"))] if root else []
    )


def config(folder: Path) -> dict[str, Any]:
    """The config.json of a folder, {} where it has none.

    Raises:
        CheckpointError: as `json_object`.
    """
    return json_object(folder, "config.json")


def json_object(folder: Path, name: str) -> dict[str, Any]:
    """The object in a JSON file of a folder, {} where there is no such file.

    Raises:
        CheckpointError: a file that cannot be read, or holds no object.
    """
    path = folder / name
    try:
        said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise CheckpointError(
            "{folder}/{file} is not JSON ({error}): correct it.",
            folder=folder.name,
            file=name,
            error=error,
        ) from error
    if not isinstance(said, dict):
        raise CheckpointError(
            "{folder}/{file} holds a {type}, not an object: copy the file again from where the "
            "model was saved.",
            folder=folder.name,
            file=name,
            type=type(said).__name__,
        )
    return said


def settings(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What model.toml says, and config.json where that names the architecture.

    Raises:
        CheckpointError: one of them cannot be used.
    """
    said = model_toml.read(folder)
    return said, {} if said.keys() & {"architecture", "factory"} else config(folder)


def _record(folder: Path) -> Model:
    id = f"{PREFIX}{folder.name}"
    try:
        said, found = settings(folder)
    except CheckpointError as error:
        _warn(str(error))
        return Model(id, folder.name, VIT, "timm", folder=folder, note=error.sentence, group=GROUP)
    weights = folder / said.get("weights", "model.safetensors")
    return Model(
        id=id,
        title=said.get("title", folder.name),
        can=_can(said, found),
        library=_library(said, found),
        architecture=said.get("architecture", ""),
        licence=said.get("licence", ""),
        download_bytes=weights.stat().st_size if weights.is_file() else 0,
        size=said.get("size", 0),
        folder=folder,
        weights=weights.name,
        note=said.get("note", ""),
        group=GROUP,
    )


def _library(said: dict[str, Any], config: dict[str, Any]) -> str:
    if "factory" in said:
        return "own"
    return "transformers" if "model_type" in config else "timm"


def _can(said: dict[str, Any], config: dict[str, Any]) -> Can:
    """What model.toml says, or a guess from the name."""
    if "can" in said:
        return frozenset(said["can"])
    kind = str(config.get("model_type", ""))
    name = said.get("architecture") or kind or str(config.get("architecture", ""))
    if kind and reads_text(config):
        return TEXT
    if not kind and not ATTENDS.search(f"{name}_"):
        return frozenset({"convolutions"})
    return frozenset({"attention", "contrastive"}) if contrastive(name) else VIT


@cache
def _warn(sentence: str) -> None:
    """Log a sentence once: the models are listed at every move on a page."""
    _log.warning(sentence)
