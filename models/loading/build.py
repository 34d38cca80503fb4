"""From the files of a checkpoint to a module that is ready to run; knows no hub and no cache."""

from __future__ import annotations

import difflib
import json
import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heedmap.errors import CheckpointError
from heedmap.models.catalogue import model_toml
from heedmap.models.catalogue.entries import Model
from heedmap.models.files import download, hub

if TYPE_CHECKING:
    import torch
    from heedmap.models.adapter.adapter import Adapter
    from torch import nn

# Transformers swaps functions of torch.nn.init while it builds: two at once would undo each other.
transformers_builds = threading.Lock()

SHOWN = 3  # keys that a message names


@cache
def device() -> torch.device:
    """Where models run, chosen once: CUDA, then MPS, then the CPU."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


@cache
def precision() -> torch.dtype:
    """bf16 on GPUs that have it, else fp32."""
    import torch

    if device().type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.bfloat16
    return torch.float32


def nbytes(model: Model, folder: Path) -> int:
    """Memory that a checkpoint takes once it is loaded, from the headers of its files.

    Raises:
        CheckpointError: files that are missing, pickled or damaged.
    """
    shapes = _shapes(model, folder)
    return sum(math.prod(shape) for shape in shapes.values()) * precision().itemsize


def build(model: Model, folder: Path) -> Adapter:
    """A checkpoint on the device, for inference only.

    Raises:
        CheckpointError: files that do not fit the model.
    """
    return (_transformers if model.library == "transformers" else _timm)(model, folder)


def reason(error: Exception) -> str:
    """What a library says is wrong, short and without the paths of this machine."""
    first = str(error).strip().split("\n", 1)[0] or type(error).__name__
    return re.sub(r"(?<![\w.])(/|[A-Z]:\\)[^\s'\",;]*[/\\][^\s'\",;]*", "...", first)[:200]


def weights(model: Model, folder: Path) -> list[Path]:
    """The files that hold the weights.

    Raises:
        CheckpointError: there is none, or only a pickled one.
    """
    if download.PICKLED.match(model.weights):
        raise hub.pickled(model.title, model.weights)
    own = folder / model.weights
    if own.is_file():
        return [own]
    index = folder / download.INDEX
    if index.is_file():
        return [folder / name for name in download.shard_names(index)]
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for name in names:
        if download.PICKLED.match(name):
            raise hub.pickled(model.title, name)
    raise hub.missing(model.title, folder.name, model.weights)


def _timm(model: Model, folder: Path) -> Adapter:
    import timm
    from heedmap.models.adapter.adapter import wrap
    from heedmap.models.loading.unfilled import Unfilled

    name, how = _timm_arguments(model, folder)
    try:
        with Unfilled() as mode:
            module = timm.create_model(name, pretrained=True, **how)
    except RuntimeError as error:
        if "state_dict" not in str(error):
            raise
        with Unfilled():
            module = timm.create_model(name, pretrained=False, **how)
        raise _mismatch(model, module, _shapes(model, folder)) from error
    if mode.left(module):  # timm drops a classifier that has another number of classes
        raise _mismatch(model, module, _shapes(model, folder))
    own = model_toml.preprocessing(folder) if model.folder else {}
    if model.size:
        own["size"] = model.size
    classes = model_toml.classes(folder) or _timm_classes(module)
    return wrap(_ready(module), id=model.id, title=model.title, classes=classes, **own)


def _timm_arguments(model: Model, folder: Path) -> tuple[str, dict[str, Any]]:
    """What timm is asked to create: a name from its registry, or a folder that says it all."""
    overlay: dict[str, Any] = {"file": str(weights(model, folder)[0])}
    how = model_toml.model_args(folder) if model.folder else {}
    if "num_classes" in how:
        overlay["num_classes"] = how["num_classes"]
    if model.architecture:
        _known(model)
        return model.architecture, {"pretrained_cfg_overlay": overlay, **how}
    if not (folder / "config.json").is_file():
        raise CheckpointError(
            f"{model.title} has no architecture: name one of timm in {folder.name}/model.toml."
        )
    # An empty source makes timm read the file that is named, and no other of the folder.
    return f"local-dir:{folder}", {"pretrained_cfg_overlay": {**overlay, "source": ""}, **how}


def _known(model: Model) -> None:
    import timm

    name = model.architecture.split(".")[0]
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "timm.list_models() gives all names."
        raise CheckpointError(f"timm knows no architecture {model.architecture!r}: {hint}")


def _timm_classes(module: Any) -> list[str] | None:
    """Names of the logits: the checkpoint's own, or those of ImageNet."""
    from timm.data import ImageNetInfo, infer_imagenet_subset

    count = getattr(module, "num_classes", 0)
    names = module.pretrained_cfg.get("label_names")
    if not count or (names and len(names) == count):
        return list(names) if count else None
    subset = infer_imagenet_subset(module)
    if not subset:
        return None
    info = ImageNetInfo(subset)
    return [info.index_to_description(i).split(",")[0] for i in range(count)]


def _transformers(model: Model, folder: Path) -> Adapter:
    import torch
    from heedmap.models.adapter.adapter import wrap

    weights(model, folder)
    with transformers_builds, _no_progress_bar():
        module, report = transformers_class(folder).from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            dtype=torch.float32,
            attn_implementation="sdpa",
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    # The pooler comes after the attention: checkpoints without one show the same maps.
    lacking = [key for key in report["missing_keys"] if "pooler." not in key]
    if lacking or report["mismatched_keys"]:
        raise _mismatch(model, module, _shapes(model, folder))
    own = _processor(folder)
    if model.size:
        own["size"] = model.size
    return wrap(_ready(module), id=model.id, title=model.title, **own)


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Keep Transformers' own bar out of the server's log."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def transformers_class(folder: Path) -> Any:
    """The class that config.json names where it classifies or is a CLIP, else the bare model."""
    import transformers

    said = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    named = (said.get("architectures") or [""])[0]
    known = transformers.models.auto.modeling_auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES
    if said.get("model_type") in known and named in str(known[said["model_type"]]):
        return getattr(transformers, named)
    return transformers.AutoModel


def _processor(folder: Path) -> dict[str, Any]:
    """What preprocessor_config.json says of colours, crop and interpolation."""
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        return {}
    said = json.loads(path.read_text(encoding="utf-8"))
    own: dict[str, Any] = {}
    if said.get("do_normalize", True) and said.get("image_mean") and said.get("image_std"):
        own |= {"mean": tuple(said["image_mean"]), "std": tuple(said["image_std"])}
    if "resample" in said:
        own["interpolation"] = "bilinear" if said["resample"] == 2 else "bicubic"
    crop, size = said.get("crop_size"), said.get("size")
    crop = crop.get("height") if isinstance(crop, dict) else crop
    edge = size.get("shortest_edge") if isinstance(size, dict) else None
    if crop and edge and said.get("do_center_crop", True):
        own["crop_pct"] = crop / edge
    return own


def _ready(module: nn.Module) -> nn.Module:
    return module.to(device(), precision()).eval().requires_grad_(False)


def _shapes(model: Model, folder: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors of a checkpoint, from the headers alone."""
    from safetensors import SafetensorError, safe_open

    found: dict[str, tuple[int, ...]] = {}
    for path in weights(model, folder):
        try:
            with safe_open(path, framework="pt") as file:
                found |= {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise _damaged(model, path) from error
    return found


def _damaged(model: Model, path: Path) -> CheckpointError:
    """A file that safetensors cannot open; one from the hub is deleted, to be fetched again."""
    remedy = "convert it with `python -m heedmap.models.convert FILE`, or copy it again"
    if model.folder is None:
        download.discard(path)
        remedy = "try again, it is fetched anew"
    return CheckpointError(
        f"{path.name} of {model.title} is damaged or no safetensors file: {remedy}."
    )


def _mismatch(
    model: Model, module: nn.Module, there: dict[str, tuple[int, ...]]
) -> CheckpointError:
    """A sentence that names the first keys that differ."""
    needed = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    missing = [key for key in needed if key not in there]
    surplus = [key for key in there if key not in needed]
    shapes = [
        f"{key} {list(there[key])} instead of {list(needed[key])}"
        for key in needed
        if key in there and there[key] != needed[key]
    ]
    named = {"missing": missing, "not known": surplus, "of another shape": shapes}
    parts = [f"{what} {_some(keys)}" for what, keys in named.items() if keys]
    name = model.architecture or type(module).__name__
    return CheckpointError(
        f"The weights of {model.title} do not fit the architecture {name}: {'; '.join(parts)}; "
        "name the architecture that they were trained with."
    )


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more
