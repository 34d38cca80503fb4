"""A film with a map over each frame, all on one colour scale.

The model runs on each frame once; when the last map is there, the scale is known and the frames
are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.errors import ImageError
from heedmap.views import calls, turns
from heedmap.views.attention import MEAN, Map
from heedmap.views.calls import Call
from heedmap.views.channels import Channel
from heedmap.views.render import Look
from heedmap.viz.draw.overlay import centred

if TYPE_CHECKING:
    from heedmap.models import Adapter, Prepared

SIDE = 640  # px, long side


@dataclass(frozen=True)
class Wanted:
    """What is shown of each frame.

    Attributes:
        size: short side that the model sees, px.
        fit: see `Adapter.prepare`.
        kind: a kind of attention that is recorded, or "channel".
        layer: of attention its number, -1 for the last; of a channel the name of its convolution.
        part: a head or `MEAN`; the index of a channel.
        after: of a channel, see `viz.record_activations`.
        look: how it is drawn; its scale is that of the film.
    """

    size: int
    fit: str = "whole"
    kind: str = ""
    layer: int | str = -1
    part: str = MEAN
    after: str = "activation"
    look: Look = field(default_factory=Look)


def wanted(shown: Map | Channel, look: Look) -> Wanted | None:
    """What a page shows large, for a film; None for what is of one patch of one photo."""
    size, fit = shown.request.size, shown.request.fit
    if isinstance(shown, Channel):
        after = shown.source.activations.after
        return Wanted(size, fit, "channel", shown.layer, str(shown.index), after, look)
    if shown.source.patch is not None:
        return None
    return Wanted(size, fit, shown.source.kind, shown.layer, shown.head, look=look)


@dataclass(frozen=True)
class Frame:
    """One frame: where the model looks in it, and over what that is drawn."""

    heat: np.ndarray  # (rows, cols) float32
    base: np.ndarray  # (h, w, 3) uint8


def maps(adapter: Adapter, frames: Iterable[np.ndarray], wanted: Wanted) -> Iterator[Frame]:
    """The frames in their order, each with its map; runs the model on each.

    Raises:
        SettingError, CaptureError: see `Adapter.prepare`, `viz.record_attention`.
    """
    for frame in frames:
        x = adapter.prepare(frame, wanted.size, wanted.fit)
        with turns.turn(lambda ahead: None):
            heat = _heat(adapter, x, wanted)
        yield Frame(heat, viz.region(frame, x.box, SIDE))


def write(target: Path, made: Sequence[Frame], look: Look, rate: float) -> int:
    """Draw the frames on one scale into a film; returns how many.

    Raises:
        ImageError: no frames.
    """
    if not made:
        raise ImageError("The film has no frames: give another.")
    low = min(float(each.heat.min()) for each in made)
    high = max(float(each.heat.max()) for each in made)
    return viz.write_film(target, (drawn(each, look, (low, high)) for each in made), rate)


def drawn(frame: Frame, look: Look, limits: tuple[float, float] | None = None) -> np.ndarray:
    """A frame with its map, (h, w, 3) uint8; on its own scale where no limits are given."""
    if look.view != "overlay":
        mask = viz.threshold_mask(np.maximum(frame.heat, 0), look.keep)
        if look.view == "mask":
            return viz.draw_mask(mask, (frame.base.shape[0], frame.base.shape[1]))
        return (viz.highlight if look.view == "highlight" else viz.contour)(frame.base, mask)
    ends = limits or (float(frame.heat.min()), float(frame.heat.max()))
    signed = ends[0] < 0
    overlay = viz.Overlay(
        look.diverging if signed else look.colormap, look.opacity, look.interpolation,
        centred(*ends) if signed else ends, look.patch_grid, look.fade, signed,
    )  # fmt: skip
    return overlay(frame.base, frame.heat)


def make(
    adapter: Adapter,
    frames: Iterable[np.ndarray],
    target: Path,
    wanted: Wanted,
    rate: float,
    show: Callable[[int, Frame], object] = lambda count, frame: None,
) -> int:
    """A film with a map over each frame, as an MP4 file; returns how many frames it has.

    Args:
        adapter: a model.
        frames: (H, W, 3) uint8 each, of one size.
        target: the file.
        wanted: what is shown.
        rate: frames a second.
        show: called with each frame when its map is there, and how many there are; what it raises
            ends the work.

    Raises:
        HeedmapError: as `maps` and `write`.
    """
    made: list[Frame] = []
    for frame in maps(adapter, frames, wanted):
        made.append(frame)
        show(len(made), frame)
    return write(target, made, wanted.look, rate)


def _heat(adapter: Adapter, x: Prepared, wanted: Wanted) -> np.ndarray:
    if wanted.kind == "channel" or not adapter.kinds:
        layer = wanted.layer if isinstance(wanted.layer, str) else adapter.default_conv_layers[-1]
        found = calls.answer(adapter, x, Call("activations", ((layer,), wanted.after)))
        index = found.top(layer, 1)[0][0] if wanted.part == MEAN else int(wanted.part)
        return np.asarray(found.maps[layer][index])
    kind = wanted.kind or adapter.kinds[0]
    record = calls.answer(adapter, x, Call("attention", (kind == "tokens", False)))
    heads = record.of(kind)[int(wanted.layer)]
    return viz.head_mean(heads) if wanted.part == MEAN else np.asarray(heads[int(wanted.part)])
