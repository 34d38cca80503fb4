"""The model within what wraps it: looked through where it is plain, else named in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from heedmap.errors import ModelError
from heedmap.models import families
from heedmap.models.families.convnet import ConvNet
from heedmap.models.families.layers import without_weights
from heedmap.models.families.sharing import is_compiled, sharing
from torch import nn

# Wrappers that pass their input on unchanged: {name of the class: where it holds the model}.
WRAPPERS = {
    "OptimizedModule": "_orig_mod",  # torch.compile
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "AveragedModel": "module",
    "ModelEmaV2": "module",
    "ModelEmaV3": "module",
    "FeatureGetterNet": "model",  # timm, `features_only` of a ViT
    "PeftModel": "base_model",
    "BaseTuner": "model",  # of PEFT: LoRA and its kin, put into the layers
    "TimmWrapperPreTrainedModel": "timm_model",  # Transformers' own wrappers of timm's models
    "TimmBackbone": "_backbone",
}


def inner(module: nn.Module) -> nn.Module:
    """The module that Heedmap looks into.

    Of one with compiled parts it is a tree that shares all weights and runs as it is written, since
    calls within compiled code cannot be seen.

    Raises:
        ModelError: a class of your own that holds several models with attention, or changes the
            photo before its model sees it.
    """
    for kind in type(module).__mro__:
        if kind.__name__ in WRAPPERS and hasattr(module, WRAPPERS[kind.__name__]):
            return inner(getattr(module, WRAPPERS[kind.__name__]))
    if any(is_compiled(part) for part in module.modules()):
        return inner(sharing(module))
    of_transformers = hasattr(getattr(module, "config", None), "model_type")
    if of_transformers or any(kind.matches(module) for kind in _attending()):
        return module
    held = dict(_held(module, ""))
    if not held:
        return module
    path, only = next(iter(held.items()))
    if len(held) > 1:
        raise ModelError(
            f"{type(module).__name__} holds {len(held)} models, {' and '.join(list(held)[:3])}: "
            f"pass one of them, such as the module's {path}."
        )
    if not _gets_the_photo(module, path):
        raise ModelError(
            f"{type(module).__name__} was not seen to hand its photo to its {type(only).__name__} "
            f"as it is: pass the module's {path}, with the mean and std that it was trained with."
        )
    return only


def _attending() -> list[type[families.Family]]:
    return [kind for kind in families.FAMILIES if kind is not ConvNet]


def _held(module: nn.Module, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    """The outermost models with attention within a module, by their paths."""
    for name, part in module.named_children():
        if any(kind.matches(part) for kind in _attending()):
            yield prefix + name, part
        else:
            yield from _held(part, f"{prefix}{name}.")


def _gets_the_photo(module: nn.Module, path: str) -> bool:
    """Whether a module passes its input tensor unchanged to this part, exactly once.

    It may call a method of the part, such as timm's `forward_features`: what is run first of the
    part then is given the photo.
    """
    calls: list[tuple[nn.Module, Any]] = []
    bare = without_weights(module)
    part = bare.get_submodule(path)

    def see(called: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        calls.append((called, next(iter([*args, *kwargs.values()]), None)))

    for each in part.modules():
        each.register_forward_pre_hook(see, with_kwargs=True)
    side = next(k for k in _attending() if k.matches(part))(part).preprocessing.size
    pixels = torch.empty(1, 3, side, side, device="meta")
    try:
        with torch.no_grad():
            bare(pixels)
    except Exception:  # what is behind the model need not run without weights
        pass
    first = [given for called, given in calls if called is calls[0][0]]
    return len(first) == 1 and first[0] is pixels
