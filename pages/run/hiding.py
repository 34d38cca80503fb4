"""Outlier patches are hidden by the norms of their tokens, which take a pass of their own."""

from __future__ import annotations

from dataclasses import replace

from heedmap.pages.run.answer import run_shown
from heedmap.pages.run.loading import load
from heedmap.views import attention
from heedmap.views.attention import Map, Source
from heedmap.views.compare import Column, Failed


def ready_to_hide(source: Source, hide: bool) -> Source:
    """A source whose outliers are known by their norm, if they are to be hidden."""
    if not hide or source.outliers:
        return source
    return run_shown(load(source.request.model), source.request, source, attention.with_norms)


def hide_in(column: Column | Failed, hide: bool) -> Column | Failed:
    """A column without its outlier patches, if they are to be hidden; activations have none."""
    if isinstance(column, Failed) or not isinstance(column.shown, Map):
        return column
    source = ready_to_hide(column.shown.source, hide)
    return replace(column, shown=replace(column.shown, source=source, hide=hide))
