"""From a record to a model that is ready to run: fetched, built, cached."""

from __future__ import annotations

import json
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import CheckpointError, UnknownModelError

from . import download
from .cache import Cache, Loading
from .catalogue import CATALOGUE, Model

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .adapters import Adapter

RECORDS = {model.id: model for model in CATALOGUE}

# Transformers swaps functions of torch.nn.init while it builds: two at once would undo each other.
_one_at_a_time = threading.Lock()


def ids() -> list[str]:
    """The ids of all models, in the order of the catalogue."""
    return list(RECORDS)


def record(id: str) -> Model:
    """What is known of a model.

    Raises:
        UnknownModelError: no model has this id.
    """
    if id not in RECORDS:
        raise UnknownModelError(
            f"There is no model {id!r}: choose one of {', '.join(sorted(RECORDS))}."
        )
    return RECORDS[id]


def records(family: str | None = None) -> list[Model]:
    """All records, or those of one family: "vit", "clip" or "cnn"."""
    return [model for model in RECORDS.values() if family in (None, model.family)]


def load(id: str) -> Adapter:
    """A model, ready to run; from the cache where it is there already.

    Safe from many threads: whoever asks while it is being loaded waits for the same loading.

    Raises:
        UnknownModelError: no model has this id.
        DownloadError: its files cannot be fetched.
        CheckpointError: its files are there but do not fit.
    """
    return begin(id).result()


def begin(id: str) -> Loading:
    """Start loading a model in the background, or join whoever did; see `Loading`.

    Raises:
        UnknownModelError: no model has this id.
    """
    record(id)
    return _cache.begin(id)


def loaded(id: str) -> bool:
    """Whether a model is in the memory, so that `load` returns at once."""
    return _cache.loaded(id)


def _build(id: str, loading: Loading) -> Adapter:
    model = record(id)
    folder = model.folder or download.fetch(model, loading.report)
    if not (folder / "model.safetensors").is_file():
        raise CheckpointError(
            f"{model.title} lacks model.safetensors in {folder.name}: fetch the project again, "
            "or make it with python -m training."
        )
    loading.report("Building the model")
    with _one_at_a_time:
        make = _transformers if model.library == "transformers" else _timm
        return make(model, folder)


@cache
def device() -> torch.device:
    """Where models run, chosen once: CUDA, then MPS, then the CPU."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _ready(module: nn.Module) -> nn.Module:
    """On the device, in bf16 where the GPU has it, for inference only."""
    import torch

    where = device()
    half = where.type == "cuda" and torch.cuda.is_bf16_supported()
    module = module.to(where, torch.bfloat16 if half else torch.float32)
    return module.eval().requires_grad_(False)


def _timm(model: Model, folder: Path) -> Adapter:
    import timm

    from . import adapters

    if model.folder is not None:
        module = timm.create_model(f"local-dir:{folder}", pretrained=True)
    else:
        module = timm.create_model(
            model.architecture,
            pretrained=True,
            pretrained_cfg_overlay={"file": str(folder / "model.safetensors")},
        )
    how = {"size": model.size} if model.size else {}
    return adapters.wrap(
        _ready(module), id=model.id, title=model.title, classes=_timm_classes(module), **how
    )


def _timm_classes(module: Any) -> list[str] | None:
    """Names of the logits: the checkpoint's own, or those of ImageNet."""
    from timm.data import ImageNetInfo, infer_imagenet_subset

    if not module.num_classes:
        return None
    names = module.pretrained_cfg.get("label_names")
    if names:
        return list(names)
    subset = infer_imagenet_subset(module)
    if not subset:
        return None
    info = ImageNetInfo(subset)
    return [info.index_to_description(i) for i in range(module.num_classes)]


def _transformers(model: Model, folder: Path) -> Adapter:
    import torch
    from transformers import CLIPModel

    from . import adapters

    module = CLIPModel.from_pretrained(
        folder,
        use_safetensors=True,
        local_files_only=True,
        dtype=torch.float32,
        attn_implementation="sdpa",
    )
    how = _clip_preprocessing(folder)
    if model.size:
        how["size"] = model.size
    return adapters.wrap(_ready(module), id=model.id, title=model.title, **how)


def _clip_preprocessing(folder: Path) -> dict[str, Any]:
    """What preprocessor_config.json says of size, colours and interpolation."""
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        return {}
    said = json.loads(path.read_text(encoding="utf-8"))
    how: dict[str, Any] = {"crop_pct": 1.0}
    if "image_mean" in said and "image_std" in said:
        how |= {"mean": tuple(said["image_mean"]), "std": tuple(said["image_std"])}
    if "resample" in said:
        how["interpolation"] = "bilinear" if said["resample"] == 2 else "bicubic"
    return how


_cache = Cache(_build)
