"""From a photo and a model to pictures, without Streamlit.

    photo = viz.open_image("cat.jpg")                         # (H, W, 3) uint8
    x = adapter.prepare(photo)                                # see models
    attention = viz.record_attention(adapter, x)              # one forward pass
    heat = viz.head_mean(attention.cls)[-1]                   # (rows, cols), last layer
    picture = viz.Overlay(colormap="magma")(x.view, heat)     # (H', W', 3) uint8

Modules that run a model or draw are imported on first use (PEP 562): `import heedmap.viz` loads
neither torch nor Matplotlib nor OpenCV, which the processes that only decode photos do not need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from heedmap.viz.compare import (
    Common,
    Overlap,
    common_grid,
    difference,
    overlap,
    per_area,
    rank_correlation,
    regrid,
)
from heedmap.viz.heads import UNIFORM_ENTROPY, cls_shares, uniform_distance, uniform_shares
from heedmap.viz.kinds import KINDS, Kind
from heedmap.viz.maps import (
    Patch,
    area,
    head_mean,
    hide_outliers,
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
    from heedmap.viz.capture.queries import LayerQueries, record_queries
    from heedmap.viz.capture.rows import record_rows
    from heedmap.viz.draw.colorbar import colorbar
    from heedmap.viz.draw.colours import COLORMAPS, DIVERGING
    from heedmap.viz.draw.encode import encode_jpeg, encode_png, zip_pngs
    from heedmap.viz.draw.figure import grid_figure
    from heedmap.viz.draw.interpolate import INTERPOLATIONS, interpolate
    from heedmap.viz.draw.label import label
    from heedmap.viz.draw.lines import grid_lines
    from heedmap.viz.draw.masks import contour, draw_mask, highlight
    from heedmap.viz.draw.overlay import Overlay
    from heedmap.viz.draw.render import to_pdf, to_png
    from heedmap.viz.epoch import epoch_figure
    from heedmap.viz.photo.pool import open_upload, start_workers

_LATE = {
    "capture.activations": ("Activations", "record_activations"),
    "capture.attention": ("Attention", "record_attention"),
    "capture.queries": ("LayerQueries", "record_queries"),
    "capture.rows": ("record_rows",),
    "draw.colorbar": ("colorbar",),
    "draw.colours": ("COLORMAPS", "DIVERGING"),
    "draw.encode": ("encode_jpeg", "encode_png", "zip_pngs"),
    "draw.figure": ("grid_figure",),
    "draw.interpolate": ("INTERPOLATIONS", "interpolate"),
    "draw.label": ("label",),
    "draw.lines": ("grid_lines",),
    "draw.masks": ("contour", "draw_mask", "highlight"),
    "draw.overlay": ("Overlay",),
    "draw.render": ("to_pdf", "to_png"),
    "epoch": ("epoch_figure",),
    "photo.pool": ("open_upload", "start_workers"),
}
_HOME = {name: module for module, names in _LATE.items() for name in names}

__all__ = [
    "COLORMAPS",
    "DIVERGING",
    "INTERPOLATIONS",
    "KINDS",
    "SAMPLES",
    "UNIFORM_ENTROPY",
    "Activations",
    "Attention",
    "Common",
    "Kind",
    "LayerQueries",
    "Overlap",
    "Overlay",
    "Patch",
    "Sample",
    "area",
    "cls_shares",
    "colorbar",
    "common_grid",
    "contour",
    "difference",
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
    "open_image",
    "open_sample",
    "open_upload",
    "outliers",
    "overlap",
    "per_area",
    "rank_correlation",
    "record_activations",
    "record_attention",
    "record_queries",
    "record_rows",
    "region",
    "regrid",
    "sample",
    "sample_ids",
    "start_workers",
    "strongest_patch",
    "threshold_mask",
    "to_pdf",
    "to_png",
    "uniform_distance",
    "uniform_shares",
    "zip_pngs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
