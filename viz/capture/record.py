"""Run a model once and keep what was asked for: attention rows, or maps of convolutions.

Records are small NumPy arrays on the CPU. Layer, head, threshold and colour read a record; the
model need not run again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError
from heedmap.viz.capture.reasons import check
from heedmap.viz.capture.scores import Layer
from heedmap.viz.capture.watch import InWindows, OverTokens

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared


# One (heads, rows, cols) float32 a layer: an array where all layers are alike.
Maps: TypeAlias = "np.ndarray | tuple[np.ndarray, ...]"


@dataclass(frozen=True)
class Attention:
    """What one photo drew from every attention layer and head of a model.

    Attributes:
        cls: (layers, heads, rows, cols) float32, how CLS attends to the patches; None for a model
            without a CLS token.
        cls_prefix: (layers, heads, prefix) float32, how CLS attends to CLS and the other tokens
            before the patches: with `cls` it sums to 1. None where `cls` is None.
        token_mean: (layers, heads, rows, cols) float32, how much a patch is attended to, mean
            over the queries of all patches; None unless it was asked for.
        grid: (rows, cols).
        pool: (heads, rows, cols) float32, how the pooling head that stands behind the last layer
            attends to the patches; sums to 1, less what goes to tokens before them where it attends
            to those too. None for a model without one.
        windows: (heads, rows, cols) float32 for each layer of a model that attends within
            windows: `token_mean` as if the attention to all other windows were 0. Sums to 1, less
            what goes to padding; heads, rows and cols differ between its stages. None for all other
            models.
    """

    cls: np.ndarray | None
    cls_prefix: np.ndarray | None
    token_mean: np.ndarray | None
    grid: tuple[int, int]
    pool: np.ndarray | None = None
    windows: tuple[np.ndarray, ...] | None = None

    def maps(self, kind: str) -> Maps:
        """One kind of attention, a map (heads, rows, cols) float32 for each of its layers.

        Args:
            kind: "cls", "pool" (a single layer), "tokens" (`token_mean`) or "windows".

        Raises:
            SettingError: a kind that was not recorded.
        """
        found: dict[str, Maps | None] = {
            "cls": self.cls,
            "pool": None if self.pool is None else self.pool[None],
            "tokens": self.token_mean,
            "windows": self.windows,
        }
        there = {name: maps for name, maps in found.items() if maps is not None}
        if kind not in there:
            raise SettingError(f"{kind!r} was not recorded: choose from {_some(list(there))}.")
        return there[kind]

    @property
    def depth(self) -> int:
        """How many layers were recorded."""
        return len(self._layers)

    @property
    def heads(self) -> int:
        """How many heads a layer has; the first where they differ."""
        return len(self._layers[0])

    @property
    def _layers(self) -> Maps:
        found = next((f for f in (self.cls, self.token_mean, self.windows) if f is not None), None)
        assert found is not None
        return found


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

        Channels with the same mean come by index.

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


def record_attention(adapter: Adapter, x: Prepared, token_mean: bool = False) -> Attention:
    """Run the model once and keep each layer's and head's attention, reduced as it is computed.

    Args:
        adapter: a model with attention.
        x: the photo that `adapter.prepare` made.
        token_mean: also record the mean over all patch queries, `A[:, prefix:, prefix:].mean(1)`.
            Always recorded for a model without a CLS token; never for one whose `kinds` do not
            hold "tokens".

    Raises:
        CaptureError: the model showed nothing, or fewer layers than it has.
    """
    if "windows" in adapter.kinds:
        return _in_windows(adapter, x)
    tokens = x.prefix + x.grid[0] * x.grid[1]
    mean = "tokens" in adapter.kinds and (token_mean or not adapter.has_cls)
    with OverTokens(tokens, x.prefix, mean) as watch:
        adapter.forward(x.pixels)
    layers, pool = _seen(adapter, watch)
    first = [layer.first for layer in layers]
    return Attention(
        cls=_maps(first, x) if adapter.has_cls else None,
        cls_prefix=torch.stack(first)[..., : x.prefix].numpy() if adapter.has_cls else None,
        token_mean=_maps([layer.received for layer in layers], x) if mean else None,
        grid=x.grid,
        pool=_maps([pool], x)[0] if pool is not None else None,
    )


def _in_windows(adapter: Adapter, x: Prepared) -> Attention:
    """The same for a model that attends within windows."""
    with InWindows(adapter.windows(x)) as watch:
        adapter.forward(x.pixels)
    check(adapter, len(watch.maps), watch)
    maps = tuple(layer.numpy() for layer in watch.maps)
    return Attention(None, None, None, x.grid, windows=maps)


def record_activations(
    adapter: Adapter, x: Prepared, layers: Sequence[str] | None = None
) -> Activations:
    """Run the model once and keep the outputs of convolutions, before any normalisation.

    Args:
        adapter: a model with convolutions.
        x: the photo that `adapter.prepare` made.
        layers: names from `adapter.conv_layers`; all of them by default.

    Raises:
        SettingError: a layer that the model does not have.
        CaptureError: a layer that the forward pass never reached, or a model with none.
    """
    names = adapter.conv_layers if layers is None else tuple(layers)
    _check_names(adapter, names)
    maps: dict[str, np.ndarray] = {}
    with adapter.lock, _hooks(adapter, names, maps):
        output = adapter.forward(x.pixels)
    missing = [name for name in names if name not in maps]
    if missing or not maps:
        raise CaptureError(
            f"{adapter.title} did not run {_some(missing) if missing else 'any convolution'}: "
            f"choose other layers, such as {_some(maps or adapter.conv_layers)}."
        )
    logits = output[0].float().cpu().numpy() if output.ndim == 2 else None
    fits = (
        logits is not None and adapter.classes is not None and len(adapter.classes) == logits.size
    )
    return Activations(maps, logits, adapter.classes if fits else None)


@contextmanager
def _hooks(adapter: Adapter, names: Sequence[str], maps: dict[str, np.ndarray]) -> Iterator[None]:
    """Fill `maps` while the block runs; no hook is left behind, whatever happens."""
    mine = threading.get_ident()

    def keep(name: str) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            if threading.get_ident() == mine:  # another thread may run the same model
                # a copy: the activation behind may overwrite the output in place
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


def _maps(rows: Sequence[torch.Tensor | None], x: Prepared) -> np.ndarray:
    """(heads, prefix + patches) or (heads, patches) a layer -> (layers, heads, rows, cols)."""
    stack = torch.stack([row for row in rows if row is not None])
    return stack[..., -x.grid[0] * x.grid[1] :].reshape(*stack.shape[:-1], *x.grid).numpy()


def _seen(adapter: Adapter, watch: OverTokens) -> tuple[list[Layer], torch.Tensor | None]:
    """The layers, and the pooling head where there is one, counted against what the model has."""
    layers, single = watch.layers, watch.single
    if adapter.kinds == ("cls",):  # class-attention layers
        layers, single = [Layer(row, None) for row in single], []
    elif "pool" in adapter.kinds and watch.tokens == 1 and layers:
        single = [layers.pop().first]  # over one patch all calls are of one shape
    check(adapter, len(layers), watch)
    if "pool" not in adapter.kinds:
        return layers, None
    if len(single) != 1:
        raise CaptureError(
            f"{adapter.title} shows no attention map: its pooling head does not pass through a "
            "call that can be watched."
        )
    return layers, single[0]


def _check_names(adapter: Adapter, names: Sequence[str]) -> None:
    known = dict(adapter.module.named_modules())
    unknown = [name for name in names if name not in known or not name]
    if unknown:
        raise SettingError(
            f"{adapter.title} has no layer {unknown[0]!r}: "
            f"choose from {_some(adapter.conv_layers)}."
        )
    if not names:
        raise CaptureError(f"{adapter.title} has no convolution to show: see its heads instead.")


def _some(names: Sequence[str] | dict[str, Any], most: int = 5) -> str:
    shown = list(names)
    return ", ".join(shown[:most]) + (", ..." if len(shown) > most else "")
