"""Any model of the hub by its id: which library builds it, and which page shows it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from errors import CheckpointError

from . import build, download, policy
from .catalogue import Model

if TYPE_CHECKING:
    from torch import nn

ID = re.compile(r"(?!.*\.\.)[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")


def is_id(id: str) -> bool:
    """Whether a text has the form "owner/name" or "owner/name@revision"."""
    return ID.fullmatch(id) is not None


def resolve(id: str) -> Model:
    """The record of a model of the hub, from its config.json and a build without weights.

    Raises:
        DownloadError: the host does not permit it, or the hub cannot be asked.
        CheckpointError: no model that timm or Transformers can build.
    """
    repo, _, revision = id.partition("@")
    model = Model(id, repo, "", "", repo=repo, revision=revision or "main", pasted=True)
    policy.check(model)
    said = download.config(model)
    model = replace(model, library=_library(model, said))
    adapter = _skeleton(model, said)
    count = sum(weight.numel() for weight in adapter.module.parameters())
    model = replace(model, family=adapter.family, parameters=count)
    there = download.listing(model)
    if there is None:
        return model
    return replace(model, licence=there.licence, gated=there.gated, download_bytes=there.nbytes)


def _library(model: Model, said: dict[str, Any]) -> str:
    if "architecture" in said:
        return "timm"
    if "model_type" in said:
        return "transformers"
    raise CheckpointError(
        f"{model.repo} is no model that timm or Transformers can build, its config.json names "
        "none: choose one with the tag timm or transformers."
    )


def _skeleton(model: Model, said: dict[str, Any]) -> Any:
    """The model without weights: no memory, no time, and all that its shape tells."""
    import torch

    from . import adapters

    try:
        with torch.device("meta"):
            module = _timm(said) if model.library == "timm" else _transformers(model, said)
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(
            f"{model.repo} cannot be built ({build.reason(error)}): choose another vision model."
        ) from error
    return adapters.wrap(module, id=model.id)


def _timm(said: dict[str, Any]) -> nn.Module:
    import timm

    own = {"num_classes": said.get("num_classes"), **said.get("model_args", {})}
    cfg = said.get("pretrained_cfg")
    module: nn.Module = timm.create_model(
        said["architecture"], pretrained=False, pretrained_cfg=cfg, **own
    )
    return module


def _transformers(model: Model, said: dict[str, Any]) -> nn.Module:
    from transformers import CONFIG_MAPPING, AutoModel

    kind = said["model_type"]
    if kind not in CONFIG_MAPPING:
        raise CheckpointError(
            f"{model.repo} is of the kind {kind!r}, which Transformers has no class for: its own "
            "code is never run, so choose another checkpoint."
        )
    with build.transformers_builds:
        module: nn.Module = AutoModel.from_config(CONFIG_MAPPING[kind].from_dict(said))
    return module
