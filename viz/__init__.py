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

from heedmap.viz.clearest import Head, clearest, entropy
from heedmap.viz.compare import (
    Common,
    MaskOverlap,
    common_grid,
    difference,
    mask_overlap,
    per_area,
    rank_correlation,
    regrid,
)
from heedmap.viz.features import Colours, colours_of, norm_outliers, similarity
from heedmap.viz.heads import (
    UNIFORM_ENTROPY,
    Overlap,
    cls_shares,
    overlap,
    uniform_distance,
    uniform_shares,
)
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
from heedmap.viz.photo.region import enlarged, region
from heedmap.viz.photo.samples import SAMPLES, Sample, open_sample, sample, sample_file, sample_ids

if TYPE_CHECKING:
    from heedmap.viz.capture.activations import Activations, record_activations
    from heedmap.viz.capture.attention import Attention, record_attention, record_attentions
    from heedmap.viz.capture.features import Features, record_features
    from heedmap.viz.capture.giving_up import GivingUp
    from heedmap.viz.capture.guess import Guess, guess_words
    from heedmap.viz.capture.matrix import AttentionMatrix, attention_matrix
    from heedmap.viz.capture.queries import LayerQueries, record_all_queries, record_queries
    from heedmap.viz.capture.rows import record_rows
    from heedmap.viz.capture.text import (
        TextAttention,
        reader,
        record_encoded,
        record_text,
        text_head,
    )
    from heedmap.viz.draw.colorbar import colorbar
    from heedmap.viz.draw.colours import COLORMAPS, DIVERGING
    from heedmap.viz.draw.encode import encode_jpeg, encode_png, zip_pngs
    from heedmap.viz.draw.figure import grid_figure
    from heedmap.viz.draw.interpolate import INTERPOLATIONS, interpolate
    from heedmap.viz.draw.label import label
    from heedmap.viz.draw.lines import grid_lines
    from heedmap.viz.draw.masks import contour, draw_mask, highlight
    from heedmap.viz.draw.matrix import TokenMatrix, matrix_figure
    from heedmap.viz.draw.overlay import Overlay
    from heedmap.viz.draw.render import missing_letters, to_pdf, to_png, to_svg
    from heedmap.viz.draw.text import lines_figure, text_figure
    from heedmap.viz.epoch import epoch_figure
    from heedmap.viz.film import frames, pan, write_film
    from heedmap.viz.html_report import Row, Section, report
    from heedmap.viz.photo.pool import open_upload, start_workers
    from heedmap.viz.why.explain import check_method, explain
    from heedmap.viz.why.faithful import (
        BASELINES,
        Curves,
        Faithfulness,
        faithfulness,
        faithfulness_passes,
    )
    from heedmap.viz.why.methods import METHODS, Explanation, Method
    from heedmap.viz.why.prompt import Prompt, prompt_relevance
    from heedmap.viz.why.text import (
        TEXT_METHODS,
        TextReason,
        TextTarget,
        explain_text,
        text_target,
    )
    from heedmap.viz.why.words import WORD_MAPS, WordMaps, word_maps

_LATE = {
    "capture.activations": ("Activations", "record_activations"),
    "capture.attention": ("Attention", "record_attention", "record_attentions"),
    "capture.features": ("Features", "record_features"),
    "capture.matrix": ("AttentionMatrix", "attention_matrix"),
    "capture.giving_up": ("GivingUp",),
    "capture.queries": ("LayerQueries", "record_all_queries", "record_queries"),
    "capture.rows": ("record_rows",),
    "capture.guess": ("Guess", "guess_words"),
    "capture.text": ("TextAttention", "reader", "record_encoded", "record_text", "text_head"),
    "draw.colorbar": ("colorbar",),
    "draw.colours": ("COLORMAPS", "DIVERGING"),
    "draw.encode": ("encode_jpeg", "encode_png", "zip_pngs"),
    "draw.figure": ("grid_figure",),
    "draw.interpolate": ("INTERPOLATIONS", "interpolate"),
    "draw.label": ("label",),
    "draw.lines": ("grid_lines",),
    "draw.matrix": ("TokenMatrix", "matrix_figure"),
    "draw.masks": ("contour", "draw_mask", "highlight"),
    "draw.overlay": ("Overlay",),
    "draw.render": ("missing_letters", "to_pdf", "to_png", "to_svg"),
    "draw.text": ("lines_figure", "text_figure"),
    "epoch": ("epoch_figure",),
    "why.explain": ("check_method", "explain"),
    "why.faithful": ("BASELINES", "Curves", "Faithfulness", "faithfulness", "faithfulness_passes"),
    "why.text": ("TEXT_METHODS", "TextReason", "TextTarget", "explain_text", "text_target"),
    "why.methods": ("METHODS", "Explanation", "Method"),
    "why.prompt": ("Prompt", "prompt_relevance"),
    "why.words": ("WORD_MAPS", "WordMaps", "word_maps"),
    "film": ("frames", "pan", "write_film"),
    "html_report": ("Row", "Section", "report"),
    "photo.pool": ("open_upload", "start_workers"),
}
_HOME = {name: module for module, names in _LATE.items() for name in names}

__all__ = [
    "BASELINES",
    "COLORMAPS",
    "DIVERGING",
    "INTERPOLATIONS",
    "KINDS",
    "METHODS",
    "SAMPLES",
    "TEXT_METHODS",
    "UNIFORM_ENTROPY",
    "WORD_MAPS",
    "Activations",
    "Attention",
    "AttentionMatrix",
    "Colours",
    "Common",
    "Curves",
    "Explanation",
    "Faithfulness",
    "Features",
    "GivingUp",
    "Guess",
    "Head",
    "Kind",
    "LayerQueries",
    "MaskOverlap",
    "Method",
    "Overlap",
    "Overlay",
    "Patch",
    "Prompt",
    "Row",
    "Sample",
    "Section",
    "TextAttention",
    "TextReason",
    "TextTarget",
    "TokenMatrix",
    "WordMaps",
    "area",
    "attention_matrix",
    "check_method",
    "clearest",
    "cls_shares",
    "colorbar",
    "colours_of",
    "common_grid",
    "contour",
    "difference",
    "draw_mask",
    "encode_jpeg",
    "encode_png",
    "enlarged",
    "entropy",
    "epoch_figure",
    "explain",
    "explain_text",
    "faithfulness",
    "faithfulness_passes",
    "frames",
    "grid_figure",
    "grid_lines",
    "guess_words",
    "head_mean",
    "hide_outliers",
    "highlight",
    "interpolate",
    "label",
    "lines_figure",
    "mask_overlap",
    "matrix_figure",
    "missing_letters",
    "norm_outliers",
    "open_image",
    "open_sample",
    "open_upload",
    "outliers",
    "overlap",
    "pan",
    "per_area",
    "prompt_relevance",
    "rank_correlation",
    "reader",
    "record_activations",
    "record_all_queries",
    "record_attention",
    "record_attentions",
    "record_encoded",
    "record_features",
    "record_queries",
    "record_rows",
    "record_text",
    "region",
    "regrid",
    "report",
    "sample",
    "sample_file",
    "sample_ids",
    "similarity",
    "start_workers",
    "strongest_patch",
    "text_figure",
    "text_head",
    "text_target",
    "threshold_mask",
    "to_pdf",
    "to_png",
    "to_svg",
    "uniform_distance",
    "uniform_shares",
    "word_maps",
    "write_film",
    "zip_pngs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
