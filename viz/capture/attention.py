"""Run a model once and record its attention, reduced to maps as it is computed.

The maps are small NumPy arrays on the CPU. Choosing another layer, head, threshold or colour only
reads them; the model does not run again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError, short
from heedmap.viz import checks
from heedmap.viz.capture.calls import check_call
from heedmap.viz.capture.reasons import check, why_not
from heedmap.viz.capture.scores import Layer
from heedmap.viz.capture.watch import InWindows, OverTokens

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared


# (heads, rows, cols) float32 per layer: one array where all layers have the same shape.
Maps: TypeAlias = "np.ndarray | tuple[np.ndarray, ...]"


@dataclass(frozen=True)
class Attention:
    """Attention recorded for one photo, of all layers and heads of a model.

    Attributes:
        maps: for each kind that was recorded (a key of `viz.KINDS`) a map (heads, rows, cols)
            float32 for each of its layers:

            "cls": how CLS attends to the patches; the mean of the CLS tokens where there are
            several.
            "tokens": how much a patch is attended to, mean over the queries of all patches.
            "pool": how the pooling head after the last layer attends to the patches, as a single
            layer; sums to 1, less what goes to tokens before the patches.
            "windows": "tokens" for a model that attends within windows, as if the attention to all
            other windows were 0. Sums to 1, less what goes to padding; heads, rows and cols differ
            between its stages.
        grid: (rows, cols).
        cls_prefix: (layers, heads, others) float32, how CLS attends to CLS and the other tokens
            that are not patches, in the model's order: with "cls" it sums to 1. None for a model
            without a CLS token.
        readers: which of these others are CLS tokens.
        entropy: (layers, heads) float32, how evenly the patches attend to the patches, 0 (each to
            one) to 1 (each to all alike): the mean over patch queries of -sum A log A over
            log(patches), of their attention to patches scaled to sum to 1 (Zhai et al. 2023). NaN
            for a head that attends to no patch. None if not recorded.
        distance: (layers, heads) float32, px of what the model saw: the mean over patch queries of
            sum A |p - p'|, how far the patches attend (Dosovitskiy et al. 2021, figure 7; Raghu et
            al. 2021); see `uniform_distance`. NaN and None as for `entropy`.
    """

    maps: Mapping[str, Maps]
    grid: tuple[int, int]
    cls_prefix: np.ndarray | None = None
    readers: slice = field(default_factory=lambda: slice(0, 0))
    entropy: np.ndarray | None = None
    distance: np.ndarray | None = None

    def of(self, kind: str) -> Maps:
        """The maps of one kind.

        Raises:
            SettingError: a kind that was not recorded.
        """
        if not isinstance(kind, str) or kind not in self.maps:
            known = ", ".join(self.maps)
            raise SettingError(
                "{kind} was not recorded: choose from {known}.", kind=short(kind), known=known
            )
        return self.maps[kind]

    @property
    def cls(self) -> np.ndarray | None:
        """The maps of kind "cls", (layers, heads, rows, cols) float32; None if not recorded."""
        return self._array("cls")

    @property
    def token_mean(self) -> np.ndarray | None:
        """The maps of kind "tokens", (layers, heads, rows, cols) float32; None if not recorded."""
        return self._array("tokens")

    @property
    def depth(self) -> int:
        """How many layers were recorded, the pooling head not counted."""
        return len(self._layers)

    @property
    def heads(self) -> int:
        """How many heads a layer has; the first where they differ."""
        return len(self._layers[0])

    @property
    def _layers(self) -> Maps:
        return next(maps for kind, maps in self.maps.items() if kind != "pool")

    def _array(self, kind: str) -> np.ndarray | None:
        found = self.maps.get(kind)
        return None if found is None else np.asarray(found)


def record_attention(
    adapter: Adapter, x: Prepared, token_mean: bool = False, stats: bool = False
) -> Attention:
    """Run the model once and keep each layer's and head's attention, reduced as it is computed.

    Args:
        adapter: a model with attention.
        x: the photo that `adapter.prepare` made.
        token_mean: also record the mean over all patch queries, `A[:, prefix:, prefix:].mean(1)`.
            Always recorded for a model without a CLS token; never for one whose `kinds` lack
            "tokens".
        stats: also record `Attention.entropy` and `Attention.distance`, and the mean over all
            patch queries, which comes with them.

    Raises:
        SettingError: not an adapter, or a photo that it did not prepare; or `stats` of a model
            whose patches do not attend to all patches.
        CaptureError: no attention was seen, or that of fewer layers than the model has.
    """
    return record_attentions(adapter, [x], token_mean, stats)[0]


def record_attentions(
    adapter: Adapter, xs: Sequence[Prepared], token_mean: bool = False, stats: bool = False
) -> list[Attention]:
    """Run the model once for several photos, and keep of each what `record_attention` keeps.

    Args:
        adapter: a model with attention.
        xs: photos that `adapter.prepare` made, all of one shape and fit.
        token_mean, stats: as for `record_attention`.

    Raises:
        SettingError: photos of different shapes or fits, or as `record_attention`.
        CaptureError: as `record_attention`.
    """
    photos = checks.listed(xs, "Photos")
    for each in photos:
        check_call(adapter, each)
    if not photos:
        return []
    if not adapter.kinds:
        raise CaptureError(why_not(adapter))
    if stats and "tokens" not in adapter.kinds:
        raise SettingError(
            "{title} has no entropy and distance, since its patches do not attend to all "
            "patches: record it without stats.",
            title=adapter.title,
        )
    x = _together(photos)
    if "windows" in adapter.kinds:
        return _in_windows(adapter, x)
    return _over_tokens(adapter, x, token_mean or stats, stats)


def _together(photos: list[Prepared]) -> Prepared:
    """Photos of one shape as one: pixels (photos, 3, H', W'); all else is the first one's."""
    first = photos[0]
    for each in photos:
        if (each.pixels.shape, each.fit) != (first.pixels.shape, first.fit):
            (h, w), (high, wide) = (one.pixels.shape[-2:] for one in (first, each))
            raise SettingError(
                "Photos of {w} x {h} px ({fit}) and of {wide} x {high} px ({other}) cannot run "
                "at once: give photos of one shape and fit.",
                w=w,
                h=h,
                fit=first.fit,
                wide=wide,
                high=high,
                other=each.fit,
            )
    return replace(first, pixels=torch.cat([each.pixels for each in photos]))


def _over_tokens(adapter: Adapter, x: Prepared, mean: bool, stats: bool) -> list[Attention]:
    """Run a model that attends over all tokens, and keep each photo's attention."""
    order, patches = adapter.order, x.grid[0] * x.grid[1]
    mean = "tokens" in adapter.kinds and (mean or not adapter.has_cls)
    tokens, cls = order.tokens(patches), order.readers(patches)
    read, grid = cls if order.cls else slice(0, 1), x.grid if stats else None
    photos = len(x.pixels)
    watch = OverTokens(tokens, order.prefix, mean, order.suffix, read, grid, photos=photos)
    with watch:
        adapter.run(x.pixels, x.fit)
    layers, pool = _seen(adapter, watch)
    each = zip(*(_of_photos(layer, photos) for layer in layers), strict=True)
    pools = [None] * photos if pool is None else pool.chunk(photos)
    return [_attention(adapter, x, *one) for one in zip(each, pools, strict=True)]


def _of_photos(layer: Layer, photos: int) -> list[Layer]:
    """What is kept of a layer, apart for each of the photos whose heads are side by side."""
    kept = (getattr(layer, part.name) for part in fields(Layer))
    parts = ([None] * photos if part is None else part.chunk(photos) for part in kept)
    return [Layer(*one) for one in zip(*parts, strict=True)]


def _attention(
    adapter: Adapter, x: Prepared, layers: Sequence[Layer], pool: torch.Tensor | None
) -> Attention:
    """What is kept of one photo."""
    order, patches = adapter.order, x.grid[0] * x.grid[1]
    rows = [layer.cls for layer in layers]
    maps: dict[str, Maps] = {}
    if adapter.has_cls:
        maps["cls"] = _maps(rows, x, order.suffix)
    if pool is not None:
        maps["pool"] = _maps([pool], x, order.suffix)
    if layers[0].received is not None:
        maps["tokens"] = _maps([layer.received for layer in layers], x, order.suffix)
    others = _others(torch.stack(rows), order.prefix, patches) if adapter.has_cls else None
    stats = layers[0].entropy is not None
    entropy, distance = _spread(layers, x.patch) if stats else (None, None)
    end = order.others
    readers = slice(end - order.cls, end) if order.last else slice(0, order.cls)
    return Attention(maps, x.grid, others, readers, entropy, distance)


def _in_windows(adapter: Adapter, x: Prepared) -> list[Attention]:
    """Run a model that attends within windows, and keep each photo's attention."""
    photos = len(x.pixels)
    with InWindows(adapter.windows(x), photos=photos) as watch:
        adapter.run(x.pixels, x.fit)
    check(adapter, len(watch.maps), watch)
    layers = ([part.clone().numpy() for part in maps.chunk(photos)] for maps in watch.maps)
    return [Attention({"windows": maps}, x.grid) for maps in zip(*layers, strict=True)]


def _maps(rows: Sequence[torch.Tensor | None], x: Prepared, suffix: int) -> np.ndarray:
    """(heads, tokens) or (heads, patches) per layer -> (layers, heads, rows, cols)."""
    stack = torch.stack([row for row in rows if row is not None])
    end = stack.shape[-1] - suffix
    patches = stack[..., end - x.grid[0] * x.grid[1] : end]
    return patches.reshape(*stack.shape[:-1], *x.grid).numpy()


def _spread(layers: Sequence[Layer], patch: int) -> tuple[np.ndarray, np.ndarray]:
    """Entropy and distance in px, each (layers, heads)."""
    entropies = [layer.entropy for layer in layers if layer.entropy is not None]
    distances = [layer.distance for layer in layers if layer.distance is not None]
    return torch.stack(entropies).numpy(), (torch.stack(distances) * patch).numpy()


def _others(rows: torch.Tensor, prefix: int, patches: int) -> np.ndarray:
    """(layers, heads, tokens) -> (layers, heads, tokens that are not patches)."""
    return torch.cat([rows[..., :prefix], rows[..., prefix + patches :]], -1).numpy()


def _seen(adapter: Adapter, watch: OverTokens) -> tuple[list[Layer], torch.Tensor | None]:
    """The layers, and the pooling head or None, once their number is found to be right."""
    layers, single = watch.layers, watch.single
    if adapter.kinds == ("cls",):  # class-attention layers
        layers = [Layer(row, None) for row in single if row.shape[-1] == watch.tokens]
        single = []
    elif "pool" in adapter.kinds and watch.tokens == 1 and layers:
        single = [layers.pop().cls]  # with a single patch all calls have the same shape
    check(adapter, len(layers), watch)
    if "pool" not in adapter.kinds:
        return layers, None
    if len(single) != 1:
        raise CaptureError(
            "{title} shows no attention map: its pooling head does not pass through a call "
            "that can be watched.",
            title=adapter.title,
        )
    return layers, single[0]
