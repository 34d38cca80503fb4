"""What is asked for, the same for every photo, and what a worker needs to know of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from heedmap import models
from heedmap.views.wanted import Wanted

FORMAT = 1  # of what is written; a new one cannot go on with an old folder


@dataclass(frozen=True)
class Job:
    """What is asked for.

    Attributes:
        model: the id of a model.
        wanted: which maps of it.
        size: the short side that the model sees, px; None for the model's own.
        fit: "whole", "crop" or "squash".
        overlays: whether each map is also drawn over its photo.
        sheet: whether a contact sheet is made.
    """

    model: str
    wanted: Wanted = field(default_factory=Wanted)
    size: int | None = None
    fit: str = "whole"
    overlays: bool = False
    sheet: bool = False

    def settings(self, source: str) -> dict[str, Any]:
        """All that makes its rows what they are, as JSON takes it.

        Raises:
            UnknownModelError, DownloadError: as `models.record`.
        """
        asked = {"source": source, **asdict(self), "weights": _weights(self.model)}
        return {"format": FORMAT, **json.loads(json.dumps(asked))}


@dataclass(frozen=True)
class Plan:
    """What a worker needs to know.

    Attributes:
        job: what is asked for.
        out: the folder to write to.
        run: the run that it belongs to; see `Folder.begin`.
        batch: how many photos of one shape run through the model at once.
        threads: of PyTorch, in each worker.
    """

    job: Job
    out: Path
    run: str
    batch: int = 8
    threads: int = 1


def fingerprint(settings: dict[str, Any]) -> str:
    """A hash of settings, hexadecimal."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _weights(id: str) -> str:
    """What tells the weights of a model from others: their hash, or where they are on the hub."""
    model = models.record(id)
    if model.folder is None:
        return f"{model.repo}@{model.revision}"
    try:
        with open(model.folder / model.weights, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""  # several files, or none: loading it says which
