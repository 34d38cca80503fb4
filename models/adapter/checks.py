"""What `wrap` asks of a module before anything else."""

from __future__ import annotations

from typing import Any

import torch
from heedmap.errors import ModelError, SettingError, short
from heedmap.models.families.layers import without_weights
from torch import nn


def check_module(module: Any) -> None:
    """Raise a ModelError for what is not a module."""
    if isinstance(module, str):
        raise ModelError(
            f"{short(module)} is a name, not a module: load it with models.load, "
            "or pass the module itself."
        )
    if isinstance(module, type) and issubclass(module, nn.Module):
        raise ModelError(f"{module.__name__} is a class: make a module of it and pass that.")
    if isinstance(module, torch.jit.ScriptModule):
        raise ModelError(
            "A module of TorchScript cannot be looked into: pass the module that it was made from."
        )
    if not isinstance(module, nn.Module):
        raise ModelError(f"{short(module)} is not a module: pass a torch.nn.Module.")


def check_names(id: Any, title: Any, classes: Any) -> None:
    """Raise a SettingError for what cannot be shown as a name, or as names of classes."""
    for name, value in (("id", id), ("title", title)):
        if value is not None and not isinstance(value, str):
            raise SettingError(f"{name}={short(value)} is not a name: give a string.")
    listed = classes is None or isinstance(classes, list | tuple)
    if not listed or not all(isinstance(each, str) for each in classes or ()):
        raise SettingError(f"classes={short(classes)} are not names: give a list of strings.")


def check_pixels(pixels: Any) -> None:
    """Raise a SettingError for what are no photos made ready for a model."""
    if not isinstance(pixels, torch.Tensor) or pixels.ndim != 4 or not len(pixels):
        raise SettingError(
            f"Pixels are a tensor (photos, 3, height, width), this is {short(pixels)}: pass the "
            "pixels of what adapter.prepare returns."
        )


def check_channels(count: int, name: str, gray: bool = False) -> None:
    """Raise a ModelError for a module that takes photos of other than three channels.

    With `gray`, one channel will do too.
    """
    if count != 3 and not (gray and count == 1):
        raise ModelError(
            f"{name} takes {count} channel{'s' if count != 1 else ''} and photos have 3: "
            "pass a model whose first layer takes 3 channels."
        )


def channels_of(module: Any) -> int:
    """How many channels a module takes, as it says itself, or as its first convolution shows."""
    said = getattr(module, "in_chans", None) or getattr(
        getattr(module, "config", None), "num_channels", None
    )
    if isinstance(said, int):
        return said
    first = next((part for part in module.modules() if isinstance(part, nn.Conv2d)), None)
    if first is None or first.in_channels == 3:
        return 3
    return first.in_channels if _takes(module, first.in_channels) else 3


def _takes(module: nn.Module, channels: int) -> bool:
    """Whether a module runs with so many channels, and not with three."""
    runs = []
    for count in (channels, 3):
        try:
            with torch.no_grad():
                without_weights(module)(torch.empty(1, count, 224, 224, device="meta"))
            runs.append(True)
        except Exception:  # any error of a module that we do not know
            runs.append(False)
    return runs == [True, False]
