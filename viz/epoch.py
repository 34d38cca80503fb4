"""The figure of an epoch: what a model in training looks at in the first samples of a loader.

adapter = models.wrap(model, classes=names)               # once; it shares the weights
figure = epoch_figure(adapter, loader, n=8)               # after any epoch
to_png(figure)                                            # bytes
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from heedmap.errors import SettingError, short
from heedmap.models.prepare import Prepared
from heedmap.viz import checks
from heedmap.viz.capture.activations import record_activations
from heedmap.viz.capture.attention import record_attention
from heedmap.viz.draw.figure import grid_figure
from heedmap.viz.draw.overlay import Limits, Overlay
from heedmap.viz.kinds import KINDS
from heedmap.viz.maps import head_mean
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from heedmap.viz.photo.picture import Picture

_SIDE = 256  # px, what small samples are enlarged to
_WIDTH, _COLUMN = 4.8, 1.8  # inches of the figure at least, and of a picture in a wider one
_OVERLAY = Overlay(interpolation="bilinear")


def epoch_figure(
    adapter: Adapter,
    batches: Iterable[Any],
    n: int = 8,
    *,
    layers: Sequence[str] | None = None,
    title: str = "",
    overlay: Overlay = _OVERLAY,
) -> Figure:
    """A row for each of the first samples: the sample, and over it what the model looks at.

    For a model with attention that is the last layer, mean of its heads; for a CNN the
    strongest channel of each layer. Each map has its own colour scale, with its numbers, unless
    `overlay` has limits. The module is left as it was, also in training mode, without hooks.

    Args:
        adapter: the model; give its class names to `models.wrap` to see its predictions.
        batches: a DataLoader, or anything that yields (pixels, labels): pixels (B, 3, H, W) or
            (B, 1, H, W) float, normalised with the adapter's mean and std, and whole labels (B,).
            No batch is read after the one that completes `n`.
        n: how many samples, fewer if the loader has fewer.
        layers: names of convolutions; by default a shallow, a middle and a deep one of a CNN.
            A model with attention shows convolutions only if they are named.
        title: above the figure.
        overlay: how the maps are drawn.

    Returns:
        A Matplotlib figure, for `to_png` or `to_pdf`.

    Raises:
        SettingError: no adapter, no samples, or samples or class names that do not fit.
        CaptureError: the model showed nothing.
    """
    names = None if layers is None else checks.listed(layers, "Layers")
    _check(adapter, overlay)
    samples = _first(batches, n)
    rows = [_row(adapter, pixels, label, names, overlay) for pixels, label in samples]
    pictures, captions, limits = zip(*chain.from_iterable(rows), strict=True)
    scale = "each map on its own scale" if overlay.limits is None else "one scale for all maps"
    return grid_figure(
        pictures,
        captions,
        columns=len(rows[0]),
        title=title,
        footer=f"{adapter.title}: {_what(adapter, names)}, {scale}",
        colormap=overlay.colormap,
        limits=overlay.limits,
        own_limits=limits if overlay.limits is None else (),
        width=max(_WIDTH, _COLUMN * len(rows[0])),
    )


def _row(
    adapter: Adapter,
    pixels: torch.Tensor,
    label: int,
    layers: Sequence[str] | None,
    overlay: Overlay,
) -> list[tuple[Picture, str, Limits | None]]:
    """Picture, caption and range of a sample (C, H, W), and of each of its maps."""
    x = _as_seen(adapter, pixels)
    shown, logits = _maps(adapter, x, layers)
    sample = (x.view, _verdict(adapter, label, logits), None)
    maps = [
        (overlay(x.view, heat), caption, overlay.limits_of(heat)) for caption, heat in shown.items()
    ]
    return [sample, *maps]


def _check(adapter: Adapter, overlay: Overlay) -> None:
    from heedmap.models import Adapter

    if not isinstance(adapter, Adapter):
        raise SettingError(
            f"An adapter is needed, this is a {type(adapter).__name__}: give models.wrap(model)."
        )
    if not isinstance(overlay, Overlay):
        raise SettingError(f"An overlay is needed, this is {short(overlay)}: give a viz.Overlay.")


def _first(batches: Iterable[Any], n: int) -> Iterator[tuple[torch.Tensor, int]]:
    """The first samples, (C, H, W) each with its label."""
    count = left = checks.whole(n, "n={} samples cannot be shown: choose 1 or more.", 1)
    if not isinstance(batches, Iterable):
        raise SettingError(
            f"A loader yields (pixels, labels), this is {short(batches)}: give a DataLoader."
        )
    for batch in batches:
        pixels, labels = _pair(batch)
        yield from zip(pixels[:left], map(int, labels[:left]), strict=True)
        left -= len(pixels)
        if left <= 0:
            return
    if left == count:
        raise SettingError("The loader gave no sample: give one that yields (pixels, labels).")


def _pair(batch: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Check a batch: (B, C, H, W) and (B,)."""
    pixels, labels = batch if isinstance(batch, Sequence) and len(batch) == 2 else (None, None)
    fits = isinstance(pixels, torch.Tensor) and pixels.ndim == 4 and pixels.is_floating_point()
    if pixels is None or not fits or pixels.shape[1] not in (1, 3):
        raise SettingError(
            f"A batch of type {type(batch).__name__} cannot be shown: give pairs of pixels "
            "(B, 3, H, W) or (B, 1, H, W) float, normalised, and labels (B,)."
        )
    labels = _numbers(labels)
    if labels.shape != pixels.shape[:1] or labels.is_floating_point():
        raise SettingError(
            f"Labels {tuple(labels.shape)} of {labels.dtype} do not fit {len(pixels)} samples: "
            "give the index of each sample's class."
        )
    return pixels, labels


def _numbers(labels: Any) -> torch.Tensor:
    try:
        return torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError):
        raise SettingError(
            f"Labels are whole numbers, these are {short(labels)}: "
            "give the index of each sample's class."
        ) from None


def _as_seen(adapter: Adapter, pixels: torch.Tensor) -> Prepared:
    """A normalised sample (C, H, W) as if the adapter had prepared it."""
    height, width = pixels.shape[1:]
    how, patch = adapter.preprocessing, adapter.patch
    values = pixels.detach().float().cpu().movedim(0, -1).numpy()  # (H, W, C)
    if not np.isfinite(values).all():
        raise SettingError("A sample holds values that are not finite: check the loader.")
    count = values.shape[-1]
    mean, std = (np.array(each[:count], np.float32) for each in (how.mean, how.std))
    photo = np.rint(255 * np.clip(values * std + mean, 0, 1))
    view = np.broadcast_to(photo, (height, width, 3)).astype(np.uint8)
    times = max(1, round(_SIDE / max(height, width)))
    return Prepared(
        pixels=pixels[None],
        view=view.repeat(times, axis=0).repeat(times, axis=1),
        grid=(height // patch, width // patch),
        prefix=adapter.prefix,
        patch=patch,
        box=(0.0, 0.0, float(width), float(height)),
        fit="whole",
    )


def _maps(
    adapter: Adapter, x: Prepared, layers: Sequence[str] | None
) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """The maps of one sample by their captions, (rows, cols) each, and the logits."""
    if layers is None and adapter.kinds:
        maps = record_attention(adapter, x).of(adapter.kinds[0])
        name = f"layer {len(maps) - 1}, mean of {len(maps[-1])} heads"
        return {name: head_mean(maps[-1])}, _logits(adapter, x)
    record = record_activations(adapter, x, layers or adapter.default_conv_layers)
    strongest = {layer: record.top(layer, 1)[0][0] for layer in record.maps}
    shown = {
        f"{layer}, channel {channel}": record.maps[layer][channel]
        for layer, channel in strongest.items()
    }
    return shown, record.logits


def _logits(adapter: Adapter, x: Prepared) -> np.ndarray | None:
    output = adapter.run(x.pixels, x.fit)
    return None if output is None else np.asarray(output[0].float().cpu().numpy())


def _verdict(adapter: Adapter, label: int, logits: np.ndarray | None) -> str:
    """The true class and the predicted one, in words."""
    names = adapter.classes
    if names is None:
        return f"true: {label}"
    if logits is None or logits.shape != (len(names),) or not 0 <= label < len(names):
        has = "no vector" if logits is None else f"{logits.size} numbers"
        raise SettingError(
            f"{len(names)} class names do not fit label {label} and a model that returns {has}: "
            "give models.wrap the name of each class, in the order of the labels."
        )
    shares = torch.from_numpy(logits).softmax(-1)
    best = int(shares.argmax())
    return f"true: {names[label]}, predicted: {names[best]} {100 * float(shares[best]):.0f} %"


def _what(adapter: Adapter, layers: Sequence[str] | None) -> str:
    if layers is None and adapter.kinds:
        return KINDS[adapter.kinds[0]].values
    return "the strongest channel of each layer"
