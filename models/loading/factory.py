"""Architectures of the host's own: `factory = "package.module:function"` in model.toml."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from heedmap.errors import CheckpointError
from heedmap.models.catalogue import model_toml, policy
from heedmap.models.catalogue.entries import Model

if TYPE_CHECKING:
    from torch import nn


def make(model: Model, folder: Path) -> nn.Module:
    """The module that the host's function returns, with weights that are yet to be loaded.

    Only a folder of HEEDMAP_MODELS can name one, never an upload or an id of the hub.

    Raises:
        CheckpointError: not allowed by the host, no such function, or no module of PyTorch.
    """
    from torch import nn

    name = str(model_toml.read(folder)["factory"])
    if not policy.local_code():
        raise CheckpointError(
            f"{model.title} is built by code of its own ({name}): set HEEDMAP_TRUST_LOCAL_CODE=yes "
            "if you trust it, or build the module in Python and give it to models.wrap."
        )
    module, _, function = name.partition(":")
    try:
        made = getattr(importlib.import_module(module), function)(**model_toml.model_args(folder))
    except (Exception, SystemExit) as error:  # a script may parse its arguments when imported
        raise CheckpointError(
            f"The factory {name} of {model.title} fails ({type(error).__name__}: {error}): check "
            "that it can be imported and takes [model_args]."
        ) from error
    if not isinstance(made, nn.Module):
        raise CheckpointError(
            f"The factory {name} of {model.title} returns a {type(made).__name__}: let it return "
            "a torch.nn.Module."
        )
    return made
