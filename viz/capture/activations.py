"""Run a model once and record the outputs of convolutions and stages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError, short
from heedmap.languages import Phrase
from heedmap.viz import checks
from heedmap.viz.capture.calls import check_call, names_of
from heedmap.viz.capture.passed_on import PassedOn

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

AFTER = ("convolution", "activation")


@dataclass(frozen=True)
class Activations:
    """The outputs of convolutions for one photo.

    Attributes:
        maps: {layer name: (channels, h, w) float32}, in the order of the forward pass.
        logits: (classes,) float32, or None where the model returns no vector.
        classes: names of the logits, or None.
        after: "convolution" or "activation", see `record_activations`.
    """

    maps: dict[str, np.ndarray]
    logits: np.ndarray | None
    classes: tuple[str, ...] | None
    after: str = "convolution"

    def top(self, layer: str, k: int = 3) -> list[tuple[int, float]]:
        """The `k` channels with the greatest mean, as (channel, mean), strongest first.

        Channels with equal means are ordered by index.

        Raises:
            SettingError: a layer that was not recorded, or `k` below 1.
        """
        if not isinstance(layer, str) or layer not in self.maps:
            known = _some(self.maps)
            raise SettingError(
                "Layer {layer} was not recorded: choose from {known}.",
                layer=short(layer),
                known=known,
            )
        k = checks.whole(k, "k={} channels cannot be shown: choose 1 or more.", 1)
        means = self.maps[layer].mean((1, 2), dtype=np.float64)
        order = np.argsort(-means, kind="stable")[:k]
        return [(int(channel), float(means[channel])) for channel in order]

    def predictions(self, k: int = 5, temperature: float = 1.0) -> list[tuple[str, float]] | None:
        """The `k` most probable classes as (name, probability), or None without class names.

        The logits are divided by the temperature first (Guo et al. 2017); `models.card` says that
        of a bundled model.

        Raises:
            SettingError: `k` below 1, or a temperature of 0 or less.
        """
        sentence = "A temperature of {} is out of range: choose one above 0."
        warmth = checks.number(temperature, sentence, lambda t: 0 < t < np.inf)
        k = checks.whole(k, "k={} classes cannot be shown: choose 1 or more.", 1)
        if self.logits is None or self.classes is None:
            return None
        scaled = self.logits.astype(np.float64) / warmth
        weights = np.exp(scaled - scaled.max())
        shares = weights / weights.sum()
        order = np.argsort(-shares, kind="stable")[:k]
        return [(self.classes[i], float(shares[i])) for i in order]


def record_activations(
    adapter: Adapter,
    x: Prepared,
    layers: Sequence[str] | None = None,
    *,
    after: str = "convolution",
) -> Activations:
    """Run the model once and keep the outputs of convolutions.

    Args:
        adapter: a model with convolutions.
        x: the photo that `adapter.prepare` made.
        layers: names from `adapter.conv_layers`; all of them by default. If a layer runs
            several times, its first output is kept.
        after: "convolution" keeps what a layer gives, before any normalisation; "activation" what
            the network passes on of it: after normalisation, residual and the next activation
            function, as viz/capture/passed_on.py says. A batch norm removes any offset of a
            channel, so only the latter says how strong channels are beside one another.

    Raises:
        SettingError: not an adapter, a photo that it did not prepare, an unknown layer, or
            another word for `after`.
        CaptureError: a layer that the forward pass never reached, or a model without convolutions.
    """
    check_call(adapter, x)
    names = adapter.conv_layers if layers is None else names_of(layers)
    _check_names(adapter, names)
    checks.choice(after, AFTER, "place to record")
    maps: dict[str, np.ndarray] = {}
    recording = _passed_on if after == "activation" else _hooks
    with adapter.lock, recording(adapter, names, maps):
        output = adapter.run(x.pixels, x.fit)
    missing = [name for name in names if name not in maps]
    if missing or not maps:
        raise CaptureError(
            "{title} did not run {missing}: choose other layers, such as {maps}.",
            title=adapter.title,
            missing=_some(missing) if missing else Phrase("any convolution"),
            maps=_some(maps or adapter.conv_layers),
        )
    logits = None
    if output is not None and output.ndim == 2:
        logits = output[0].float().cpu().numpy()
    fits = (
        logits is not None and adapter.classes is not None and len(adapter.classes) == logits.size
    )
    return Activations(maps, logits, adapter.classes if fits else None, after)


@contextmanager
def _hooks(adapter: Adapter, names: Sequence[str], maps: dict[str, np.ndarray]) -> Iterator[None]:
    """Fill `maps` with the outputs of layers while the block runs."""

    def keep(name: str, output: Any) -> None:
        maps[name] = _copy(adapter.map_of(name, output))

    with _watching(adapter, names, keep):
        yield


@contextmanager
def _passed_on(
    adapter: Adapter, names: Sequence[str], maps: dict[str, np.ndarray]
) -> Iterator[None]:
    """Fill `maps` with what the network passes on of layers while the block runs."""
    found: dict[str, np.ndarray] = {}
    watch = PassedOn(lambda name, value: found.update({name: _copy(value)}))

    def follow(name: str, output: Any) -> None:
        adapter.map_of(name, output)  # checks that there is one
        watch.follow(name, output, adapter.channel_axis(name))
        order.append(name)

    order: list[str] = []
    with _watching(adapter, names, follow), watch:
        yield
    watch.finish()
    maps.update((name, found[name]) for name in order)


def _copy(found: torch.Tensor) -> np.ndarray:
    """A copy on the CPU: the activation function after it may overwrite an output in place."""
    return found.detach().to("cpu", torch.float32, copy=True).numpy()


@contextmanager
def _watching(
    adapter: Adapter, names: Sequence[str], see: Callable[[str, Any], None]
) -> Iterator[None]:
    """Call `see` with each layer's first output; the hooks are removed even after an error."""
    mine, seen = threading.get_ident(), set[str]()

    def seeing(name: str) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            if threading.get_ident() == mine and name not in seen:  # other threads may run it too
                seen.add(name)
                see(name, output)

        return hook

    handles = []
    try:
        for name in names:
            module = adapter.module.get_submodule(name)
            handles.append(module.register_forward_hook(seeing(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _check_names(adapter: Adapter, names: Sequence[str]) -> None:
    known = dict(adapter.module.named_modules(remove_duplicate=False))
    unknown = [name for name in names if name not in known or not name]
    if unknown:
        raise SettingError(
            "{title} has no layer {unknown!r}: choose from {conv_layers}.",
            title=adapter.title,
            unknown=unknown[0],
            conv_layers=_some(adapter.conv_layers),
        )
    if not names:
        instead = Phrase("record its attention" if adapter.kinds else "choose another model")
        raise CaptureError(
            "{title} has no convolution to show: {instead}.", title=adapter.title, instead=instead
        )


def _some(names: Sequence[str] | dict[str, Any], most: int = 5) -> str:
    shown = list(names)
    return ", ".join(shown[:most]) + (", ..." if len(shown) > most else "")
