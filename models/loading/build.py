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

from heedmap.errors import CheckpointError, SettingError, short
from heedmap.languages import Phrase
from heedmap.models.catalogue import local, model_toml
from heedmap.models.catalogue.entries import Model
from heedmap.models.loading import checkpoint, factory, language, open_clip, text_tower, trained

if TYPE_CHECKING:
    import torch
    from heedmap.models.adapter.adapter import Adapter
    from torch import nn

# Transformers swaps functions of torch.nn.init while it builds: two at once would undo each other.
transformers_builds = threading.Lock()


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
    shapes = checkpoint.shapes(model, folder).values()
    return sum(math.prod(shape) for shape in shapes) * precision().itemsize


def build(model: Model, folder: Path) -> Adapter:
    """A checkpoint on the device, for inference only.

    Raises:
        CheckpointError: files that do not fit the model.
    """
    return {"timm": _timm, "transformers": _transformers, "own": _own}[model.library](model, folder)


def text_module(model: Model, path: Path) -> nn.Module:
    """A text tower in open_clip's file of both towers, as `build` makes a model.

    Raises:
        CheckpointError: files that do not fit.
    """
    with transformers_builds, _no_progress_bar():
        module = text_tower.build(model, open_clip.config(model, path.parent), path)
    return _placed(module).eval().requires_grad_(False)


def reason(error: Exception) -> str:
    """What a library says is wrong, short and without the paths of this machine."""
    first = str(error).strip().split("\n", 1)[0] or type(error).__name__
    return re.sub(r"(?<![\w.])(/|[A-Z]:\\)[^\s'\",;]*[/\\][^\s'\",;]*", "...", first)[:200]


def _timm(model: Model, folder: Path) -> Adapter:
    import timm
    from heedmap.models.loading.unfilled import Unfilled

    name, how = _timm_arguments(model, folder)
    found = trained.arguments(model, folder)
    how |= found | open_clip.image_arguments(model, folder)
    try:
        with Unfilled() as mode:
            module = timm.create_model(name, pretrained=True, **how)
    except RuntimeError as error:
        if "state_dict" not in str(error):
            raise
        with Unfilled():
            module = timm.create_model(name, pretrained=False, **how)
        raise checkpoint.mismatch(model, module, checkpoint.shapes(model, folder)) from error
    if mode.left(module):  # timm drops a classifier that has another number of classes
        raise checkpoint.mismatch(model, module, checkpoint.shapes(model, folder))
    own = {"size": found["img_size"]} if found else {}
    return _wrap(model, module, own, _timm_classes(module))


def _timm_arguments(model: Model, folder: Path) -> tuple[str, dict[str, Any]]:
    """What timm is asked to create: a name from its registry, or a folder that says it all."""
    overlay: dict[str, Any] = {"file": str(checkpoint.weights(model, folder)[0])}
    how = model_toml.model_args(folder) if model.folder else {}
    if "num_classes" in how:
        overlay["num_classes"] = how["num_classes"]
    if model.architecture:
        return _known(model), {"pretrained_cfg_overlay": overlay, **how}
    if not (folder / "config.json").is_file():
        raise CheckpointError(
            "{title} has no architecture: name one of timm in {name}/model.toml.",
            title=model.title,
            name=folder.name,
        )
    # An empty source makes timm read the file that is named, and no other of the folder.
    return f"local-dir:{folder}", {"pretrained_cfg_overlay": {**overlay, "source": ""}, **how}


def _known(model: Model) -> str:
    """The name of the architecture, where timm has it."""
    import timm

    name = model.architecture.split(".")[0]
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=1)
        hint = (
            Phrase("did you mean {close}?", close=repr(near[0]))
            if near
            else Phrase("timm.list_models() gives all names.")
        )
        raise CheckpointError(
            "timm knows no architecture {architecture}: {hint}",
            architecture=short(model.architecture),
            hint=hint,
        )
    return model.architecture


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
    from heedmap.models.families import Language

    checkpoint.weights(model, folder)
    with transformers_builds, _no_progress_bar():
        kind = transformers_class(folder)
        module, report = kind.from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            dtype=torch.float32,
            attn_implementation=language.attention(kind, folder),
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    # The pooler comes after the attention: checkpoints without one show the same maps.
    lacking = [key for key in report["missing_keys"] if "pooler." not in key]
    if lacking or report["mismatched_keys"]:
        raise checkpoint.mismatch(model, module, checkpoint.shapes(model, folder))
    if Language.matches(module):
        return _wrap(model, module, {"tokenizer": language.tokenizer(model, folder)})
    return _wrap(model, module, _processor(folder))


def _own(model: Model, folder: Path) -> Adapter:
    module = factory.make(model, folder)
    there = checkpoint.tensors(model, folder)
    shapes = {key: tuple(value.shape) for key, value in there.items()}
    try:
        lacking = module.load_state_dict(there, strict=False)
    except RuntimeError as error:
        raise checkpoint.mismatch(model, module, shapes) from error
    if lacking.missing_keys or lacking.unexpected_keys:
        raise checkpoint.mismatch(model, module, shapes)
    return _wrap(model, module, {})


def _wrap(
    model: Model, module: nn.Module, own: dict[str, Any], classes: list[str] | None = None
) -> Adapter:
    """An adapter over a module that is ready to run; what model.toml says comes first."""
    from heedmap.models.adapter.wrap import wrap

    checkpoint.check_finite(model, module)
    if model.folder:
        own |= model_toml.preprocessing(model.folder)
        classes = model_toml.classes(model.folder) or classes
    if model.size:
        own["size"] = model.size
    module = _placed(module).eval().requires_grad_(False)
    try:
        return wrap(module, id=model.id, title=model.title, classes=classes, **own)
    except SettingError as error:
        raise CheckpointError(
            "In the files of {title}, {error}", title=model.title, error=error
        ) from error


def _placed(module: nn.Module) -> nn.Module:
    """The module on the device, in its precision; complex rotations, as Llama 4 has, stay whole."""
    module = module.to(device())
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            tensor.data = tensor.data.to(precision())
    return module


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
    """The class that config.json names where it classifies or guesses words, else a bare model."""
    import transformers

    said = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    named = (said.get("architectures") or [""])[0]
    known = transformers.models.auto.modeling_auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES
    classes = known.get(said.get("model_type"), ())
    if str(named).endswith(language.HEADS) and hasattr(transformers, named):
        return getattr(transformers, named)
    if named in ((classes,) if isinstance(classes, str) else classes):
        return getattr(transformers, named)
    return transformers.AutoModel


def _processor(folder: Path) -> dict[str, Any]:
    """What preprocessor_config.json says of colours, crop and interpolation."""
    said = local.json_object(folder, "preprocessor_config.json")
    own: dict[str, Any] = {}
    if said.get("do_normalize", True) and said.get("image_mean") and said.get("image_std"):
        own |= {"mean": _three(said["image_mean"]), "std": _three(said["image_std"])}
    if "resample" in said:
        own["interpolation"] = "bilinear" if said["resample"] == 2 else "bicubic"
    crop, size = said.get("crop_size"), said.get("size")
    crop = crop.get("height") if isinstance(crop, dict) else crop
    edge = size.get("shortest_edge") if isinstance(size, dict) else None
    if crop and edge and said.get("do_center_crop", True):
        own["crop_pct"] = min(1.0, crop / edge)
    return own


def _three(value: Any) -> Any:
    """One number for all channels as three, as Transformers takes it."""
    return tuple(value) if isinstance(value, list) else (value,) * 3
