"""Any model of the hub by its id: which library builds it, and which page shows it."""

from __future__ import annotations

import re
from dataclasses import replace

from heedmap.errors import CheckpointError
from heedmap.models.catalogue import policy
from heedmap.models.catalogue.entries import Model
from heedmap.models.files import download
from heedmap.models.loading.probe import config, probe

ID = re.compile(r"(?!.*\.\.)[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")


def is_id(id: str) -> bool:
    """Whether a text has the form "owner/name" or "owner/name@revision"."""
    return ID.fullmatch(id) is not None


def resolve(id: str) -> Model:
    """The record of a model of the hub, from its config.json and a build without weights.

    Raises:
        DownloadError: the host does not permit it, or the hub cannot be asked.
        CheckpointError: no model that timm or Transformers can build.
        ModelError: one that has nothing to show.
    """
    repo, _, revision = id.partition("@")
    model = Model(id, repo, frozenset(), "", repo=repo, revision=revision or "main", pasted=True)
    policy.check(model)
    model = replace(model, library=_library(model))
    found = probe(model)
    model = replace(model, can=found.can, parameters=found.parameters, size=found.size)
    there = download.listing(model)
    if there is None:
        return model
    return replace(model, licence=there.licence, gated=there.gated, download_bytes=there.nbytes)


def _library(model: Model) -> str:
    said = config(model)
    if "architecture" in said:
        return "timm"
    if "model_type" in said:
        return "transformers"
    raise CheckpointError(
        f"{model.repo} is no model that timm or Transformers can build, its config.json names "
        "none: choose one with the tag timm or transformers."
    )
