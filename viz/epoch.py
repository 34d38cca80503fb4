"""The figure of an epoch: what a model in training heeds in the first samples of a loader.

adapter = models.wrap(model, classes=names)               # once; it shares the weights
figure = epoch_figure(adapter, loader, n=8)               # after any epoch
to_png(figure)                                            # bytes
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from heedmap.errors import SettingError
from heedmap.models.prepare import Prepared
from heedmap.viz.capture.activations import record_activations
from heedmap.viz.capture.attention import record_attention
from heedmap.viz.draw.figure import grid_figure
from heedmap.viz.draw.overlay import Overlay
from heedmap.viz.kinds import KINDS
from heedmap.viz.maps import head_mean
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from heedmap.viz.photo.image import Picture

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
    """A row for each of the first samples: the sample, and over it what the model heeds.

    Of a model with attention that is the last layer, mean of its heads; of a ConvNet the strongest
    channel of each layer. Each map has its own colour scale. The module stays as it was, in its
    training mode too, and carries no hook afterwards.

    Args:
        adapter: the model; give its class names to `models.wrap` to see its predictions.
        batches: a DataLoader, or anything that yields (pixels, labels): pixels (B, 3, H, W) or
            (B, 1, H, W) float, normalised with the adapter's mean and std, and labels (B,) of
            whole numbers. No batch is taken beyond the one that completes `n`.
        n: how many samples, fewer where the loader has fewer.
        layers: names of convolutions; those of a ConvNet by default a shallow, a middle and a
            deep one. A model with attention shows convolutions only where they are named.
        title: above the figure.
        overlay: how the maps are drawn.

    Returns:
        A Matplotlib figure, for `to_png` or `to_pdf`.

    Raises:
        SettingError: no samples, samples of another form, or class names that do not fit.
        CaptureError: a model that showed nothing.
    """
    pictures: list[Picture] = []
    captions: list[str] = []
    for pixels, label in _first(batches, n):
        x = _as_seen(adapter, pixels)
        shown, logits = _maps(adapter, x, layers)
        pictures += [x.view, *(overlay(x.view, heat) for heat in shown.values())]
        captions += [_verdict(adapter, label, logits), *shown]
    return grid_figure(
        pictures,
        captions,
        columns=1 + len(shown),
        title=title,
        footer=f"{adapter.title}: {_what(adapter, layers)}, each map on its own scale",
        colormap=overlay.colormap,
        limits=overlay.limits,
        width=max(_WIDTH, _COLUMN * (1 + len(shown))),
    )


def _first(batches: Iterable[Any], n: int) -> Iterator[tuple[torch.Tensor, int]]:
    """The first samples, (C, H, W) each with its label."""
    if n < 1:
        raise SettingError(f"n={n} samples cannot be shown: choose 1 or more.")
    left = n
    for batch in batches:
        pixels, labels = _pair(batch)
        yield from zip(pixels[:left], map(int, labels[:left]), strict=True)
        left -= len(pixels)
        if left <= 0:
            return
    if left == n:
        raise SettingError("The loader gave no sample: give one that yields (pixels, labels).")


def _pair(batch: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Check a batch: (B, C, H, W) and (B,)."""
    pixels, labels = batch if isinstance(batch, Sequence) and len(batch) == 2 else (None, None)
    if not isinstance(pixels, torch.Tensor) or pixels.ndim != 4 or pixels.shape[1] not in (1, 3):
        raise SettingError(
            f"A batch of the kind {type(batch).__name__} cannot be shown: give pairs of pixels "
            "(B, 3, H, W) or (B, 1, H, W) and labels (B,)."
        )
    labels = torch.as_tensor(labels)
    if labels.shape != pixels.shape[:1] or labels.is_floating_point():
        raise SettingError(
            f"Labels {tuple(labels.shape)} of {labels.dtype} do not fit {len(pixels)} samples: "
            "give the index of each sample's class."
        )
    return pixels, labels


def _as_seen(adapter: Adapter, pixels: torch.Tensor) -> Prepared:
    """A sample as the adapter would have prepared it: (C, H, W), normalised already."""
    height, width = pixels.shape[1:]
    how, patch = adapter.preprocessing, adapter.patch
    values = pixels.detach().float().cpu().movedim(0, -1).numpy()  # (H, W, C)
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
        photo_size=(height, width),
    )


def _maps(
    adapter: Adapter, x: Prepared, layers: Sequence[str] | None
) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """What is drawn of one sample by its captions, (rows, cols) each, and the logits."""
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
    """Say the true class and the predicted one."""
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
