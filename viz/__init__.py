"""From a photo and a model to pictures. Knows no Streamlit.

    photo = viz.open_image("cat.jpg")                         # (H, W, 3) uint8
    x = adapter.prepare(photo)                                # see models
    record = viz.record_attention(adapter, x)                 # one forward pass
    heat = viz.head_mean(record.cls)[-1]                      # (rows, cols), last layer
    picture = viz.Overlay(colormap="magma")(x.view, heat)     # (H', W', 3) uint8

What runs a model (`record_attention`, `record_activations`) and what draws figures is imported on
first use (PEP 562): `import viz` loads neither torch nor Matplotlib's figures.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from heedmap.viz.draw.encode import encode_jpeg, encode_png, zip_pngs
from heedmap.viz.draw.masks import contour, draw_mask, highlight, label
from heedmap.viz.draw.overlay import (
    COLORMAPS,
    INTERPOLATIONS,
    Overlay,
    colorbar,
    grid_lines,
    interpolate,
)
from heedmap.viz.kinds import KINDS, Kind
from heedmap.viz.maps import (
    Patch,
    area,
    head_mean,
    hide_outliers,
    limits,
    normalise,
    outliers,
    strongest_patch,
    threshold_mask,
)
from heedmap.viz.photo.image import open_image
from heedmap.viz.photo.region import region
from heedmap.viz.photo.samples import SAMPLES, Sample, open_sample, sample, sample_ids

if TYPE_CHECKING:
    from heedmap.viz.capture.activations import Activations, record_activations
    from heedmap.viz.capture.attention import Attention, record_attention
    from heedmap.viz.draw.figure import grid_figure, to_pdf, to_png
    from heedmap.viz.epoch import epoch_figure
    from heedmap.viz.photo.pool import open_upload, start_workers

_LATE = {
    "Activations": "capture.activations",
    "Attention": "capture.attention",
    "epoch_figure": "epoch",
    "record_activations": "capture.activations",
    "record_attention": "capture.attention",
    "grid_figure": "draw.figure",
    "open_upload": "photo.pool",
    "start_workers": "photo.pool",
    "to_pdf": "draw.figure",
    "to_png": "draw.figure",
}

__all__ = [
    "COLORMAPS",
    "INTERPOLATIONS",
    "KINDS",
    "SAMPLES",
    "Activations",
    "Attention",
    "Kind",
    "Overlay",
    "Patch",
    "Sample",
    "area",
    "colorbar",
    "contour",
    "draw_mask",
    "encode_jpeg",
    "encode_png",
    "epoch_figure",
    "grid_figure",
    "grid_lines",
    "head_mean",
    "hide_outliers",
    "highlight",
    "interpolate",
    "label",
    "limits",
    "normalise",
    "open_image",
    "open_sample",
    "open_upload",
    "outliers",
    "record_activations",
    "record_attention",
    "region",
    "sample",
    "sample_ids",
    "start_workers",
    "strongest_patch",
    "threshold_mask",
    "to_pdf",
    "to_png",
    "zip_pngs",
]


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATE[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
