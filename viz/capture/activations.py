"""Run a model once and record the outputs of convolutions and stages."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError
from heedmap.viz.capture.calls import check_call, names_of

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared


@dataclass(frozen=True)
class Activations:
    """The outputs of convolutions for one photo.

    Attributes:
        maps: {layer name: (channels, h, w) float32}, in the order of the forward pass.
        logits: (classes,) float32, or None where the model returns no vector.
        classes: names of the logits, or None.
    """

    maps: dict[str, np.ndarray]
    logits: np.ndarray | None
    classes: tuple[str, ...] | None

    def top(self, layer: str, k: int = 3) -> list[tuple[int, float]]:
        """The `k` channels with the greatest mean, as (channel, mean), strongest first.

        Channels with equal means are ordered by index.

        Raises:
            SettingError: a layer that was not recorded, or `k` below 1.
        """
        if layer not in self.maps:
            raise SettingError(f"Layer {layer!r} was not recorded: choose from {_some(self.maps)}.")
        if k < 1:
            raise SettingError(f"k={k} channels cannot be shown: choose 1 or more.")
        means = self.maps[layer].mean((1, 2), dtype=np.float64)
        order = np.argsort(-means, kind="stable")[:k]
        return [(int(channel), float(means[channel])) for channel in order]

    def predictions(self, k: int = 5) -> list[tuple[str, float]] | None:
        """The `k` most probable classes as (name, probability), or None without class names."""
        if self.logits is None or self.classes is None:
            return None
        weights = np.exp(self.logits.astype(np.float64) - self.logits.max())
        shares = weights / weights.sum()
        order = np.argsort(-shares, kind="stable")[:k]
        return [(self.classes[i], float(shares[i])) for i in order]


def record_activations(
    adapter: Adapter, x: Prepared, layers: Sequence[str] | None = None
) -> Activations:
    """Run the model once and keep the outputs of convolutions, before any normalisation.

    Args:
        adapter: a model with convolutions.
        x: the photo that `adapter.prepare` made.
        layers: names from `adapter.conv_layers`; all of them by default. If a layer runs
            several times, its first output is kept.

    Raises:
        SettingError: not an adapter, a photo that it did not prepare, or an unknown layer.
        CaptureError: a layer that the forward pass never reached, or a model without convolutions.
    """
    check_call(adapter, x)
    names = adapter.conv_layers if layers is None else names_of(layers)
    _check_names(adapter, names)
    maps: dict[str, np.ndarray] = {}
    with adapter.lock, _hooks(adapter, names, maps):
        output = adapter.run(x.pixels, x.fit)
    missing = [name for name in names if name not in maps]
    if missing or not maps:
        raise CaptureError(
            f"{adapter.title} did not run {_some(missing) if missing else 'any convolution'}: "
            f"choose other layers, such as {_some(maps or adapter.conv_layers)}."
        )
    logits = None
    if output is not None and output.ndim == 2:
        logits = output[0].float().cpu().numpy()
    fits = (
        logits is not None and adapter.classes is not None and len(adapter.classes) == logits.size
    )
    return Activations(maps, logits, adapter.classes if fits else None)


@contextmanager
def _hooks(adapter: Adapter, names: Sequence[str], maps: dict[str, np.ndarray]) -> Iterator[None]:
    """Fill `maps` while the block runs; the hooks are removed even after an error."""
    mine = threading.get_ident()

    def keep(name: str) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            if threading.get_ident() == mine and name not in maps:  # other threads may run it too
                # a copy: the activation function after it may overwrite the output in place
                found = adapter.map_of(name, output).detach()
                maps[name] = found.to("cpu", torch.float32, copy=True).numpy()

        return hook

    handles = []
    try:
        for name in names:
            module = adapter.module.get_submodule(name)
            handles.append(module.register_forward_hook(keep(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _check_names(adapter: Adapter, names: Sequence[str]) -> None:
    known = dict(adapter.module.named_modules(remove_duplicate=False))
    unknown = [name for name in names if name not in known or not name]
    if unknown:
        raise SettingError(
            f"{adapter.title} has no layer {unknown[0]!r}: "
            f"choose from {_some(adapter.conv_layers)}."
        )
    if not names:
        instead = "record its attention" if adapter.kinds else "choose another model"
        raise CaptureError(f"{adapter.title} has no convolution to show: {instead}.")


def _some(names: Sequence[str] | dict[str, Any], most: int = 5) -> str:
    shown = list(names)
    return ", ".join(shown[:most]) + (", ..." if len(shown) > most else "")
