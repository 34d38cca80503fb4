"""A model without its weights: no memory, no time, and all that its shape tells."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heedmap.errors import CheckpointError, HeedmapError
from heedmap.models.capabilities import Can
from heedmap.models.catalogue import local, model_toml
from heedmap.models.catalogue.entries import Model
from heedmap.models.files import download
from heedmap.models.loading import build, factory, text_tower, trained

if TYPE_CHECKING:
    from heedmap.models.adapter.adapter import Adapter
    from heedmap.models.families.order import Order
    from torch import nn


@dataclass(frozen=True)
class Probe:
    """What is known of a model before its weights are there.

    Attributes:
        id: the model's id.
        can: what it can do; see `capabilities`. A classifier of Transformers is known as one only
            once it is loaded.
        kinds: the attention that can be recorded of it; see `Adapter`.
        depth: layers of attention; 0 for a ConvNet.
        heads: attention heads a layer, of its first layer where they differ; 0 for a ConvNet.
        patch: side of a patch, px; for a ConvNet its total stride.
        order: where the patches and the CLS tokens are among its tokens.
        size: short side that it was made for, px.
        longest: tokens that a language model takes at most; 0 for one that takes photos.
        parameters: number of weights.
        nbytes: memory that it takes once it is loaded.
    """

    id: str
    can: Can
    kinds: tuple[str, ...]
    depth: int
    heads: int
    patch: int
    order: Order
    size: int
    parameters: int
    nbytes: int
    longest: int = 0

    @property
    def prefix(self) -> int:
        """Tokens before the patches."""
        return self.order.prefix

    @property
    def has_cls(self) -> bool:
        """Whether there is a CLS token."""
        return bool(self.order.cls)


def probe(model: Model) -> Probe:
    """Look at a model without its weights; asks the hub for its config.json at most.

    Raises:
        DownloadError: the hub cannot be asked, or the host does not permit the model.
        CheckpointError: no model that timm or Transformers can build.
        ModelError: one that has nothing to show, and why.
    """
    adapter = skeleton(model)
    count = sum(weight.numel() for weight in adapter.module.parameters())
    return Probe(
        id=model.id,
        can=adapter.can,
        kinds=adapter.kinds,
        depth=adapter.depth,
        heads=adapter.heads,
        patch=adapter.patch,
        order=_order(model, adapter),
        size=model.size or adapter.size,
        parameters=count,
        nbytes=count * build.precision().itemsize,
        longest=getattr(adapter, "longest", 0),
    )


def _order(model: Model, adapter: Adapter) -> Order:
    """Where the patches and CLS are among the tokens, measured where that depends on the weights.

    A tower of Transformers is built again with a single layer and random weights: the names of its
    weights do not tell whether CLS comes before the patches or behind them.
    """
    from heedmap.models.adapter.wrap import wrap

    if model.library != "transformers" or "windows" in adapter.kinds or not adapter.kinds:
        return adapter.order
    said: Any = copy.deepcopy(adapter.module.config)
    said.num_hidden_layers = 1
    try:
        with build.transformers_builds:
            tower = type(adapter.module)(said)
    except Exception:  # a class that takes more than its config, or insists on its layers
        return adapter.order
    return wrap(tower, id=model.id).order


def config(model: Model) -> dict[str, Any]:
    """The model's config.json, {} for one that needs none.

    Raises:
        DownloadError, CheckpointError: as `download.config` and `local.settings`.
    """
    if model.folder is not None:
        return local.settings(model.folder)[1]
    known = model.library == "timm" and model.architecture
    return {} if known else download.config(model)


def skeleton(model: Model) -> Adapter:
    """An adapter over a module whose tensors have shapes and no content.

    Raises:
        As `probe`.
    """
    from heedmap.models.adapter.language import TextAdapter
    from heedmap.models.adapter.wrap import wrap
    from heedmap.models.families import Language

    try:
        module, own = _module(model)
    except HeedmapError:
        raise
    except Exception as error:
        raise CheckpointError(
            "{title} cannot be built ({error}): choose another model.",
            title=model.title,
            error=build.reason(error),
        ) from error
    if Language.matches(module):  # its tokenizer is not there yet
        return TextAdapter(module, model.id, model.title, None)
    adapter = wrap(module, id=model.id, title=model.title, **own)
    text_tower.give(adapter, model, model.folder)
    return adapter


def _module(model: Model) -> tuple[nn.Module, dict[str, Any]]:
    """The module, and what is known of its input besides."""
    import torch

    if model.library == "own" and model.folder:  # not on "meta": its code may read numbers
        return factory.make(model, model.folder), {}
    said = config(model)
    with torch.device("meta"):
        if model.library == "transformers":
            return _transformers(model, said), {}
        own = trained.arguments(model, model.folder) if model.folder else {}
        return _timm(model, said, dict(own)), {"size": own["img_size"]} if own else {}


def _timm(model: Model, said: dict[str, Any], own: dict[str, Any]) -> nn.Module:
    import timm

    own |= {"num_classes": said.get("num_classes"), **said.get("model_args", {})}
    if model.folder is not None:
        own |= model_toml.model_args(model.folder)
    module: nn.Module = timm.create_model(
        model.architecture or said.get("architecture", ""),
        pretrained=False,
        pretrained_cfg=None if model.architecture else said.get("pretrained_cfg"),
        **own,
    )
    return module


def _transformers(model: Model, said: dict[str, Any]) -> nn.Module:
    from transformers import CONFIG_MAPPING, AutoModel

    kind = said["model_type"]
    if kind not in CONFIG_MAPPING:
        raise CheckpointError(
            "{title} is of the kind {kind!r}, which Transformers has no class for: its own "
            "code is never run, so choose another checkpoint.",
            title=model.title,
            kind=kind,
        )
    with build.transformers_builds:
        module: nn.Module = AutoModel.from_config(CONFIG_MAPPING[kind].from_dict(said))
    return module
