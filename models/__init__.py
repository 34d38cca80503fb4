"""Which models there are, and how to load one: `models.load("bundled-vit")`.

Importing this room costs nothing: PyTorch, timm and Transformers come with the first model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from heedmap.models.catalogue.card import Calibration, Card
from heedmap.models.catalogue.entries import Model
from heedmap.models.loading.loader import begin, begin_text, load, loaded, text_download
from heedmap.models.loading.progress import Loading, Progress
from heedmap.models.loading.registry import card, ids, probe, record, records
from heedmap.models.loading.skeleton import Probe

if TYPE_CHECKING:
    from heedmap.models.adapter.adapter import Adapter
    from heedmap.models.adapter.language import Encoded, TextAdapter
    from heedmap.models.adapter.wrap import wrap
    from heedmap.models.loading.randomised import randomised
    from heedmap.models.prepare import Prepared

_LATE = {
    "Adapter": "adapter.adapter",
    "Encoded": "adapter.language",
    "Prepared": "prepare",
    "TextAdapter": "adapter.language",
    "randomised": "loading.randomised",
    "wrap": "adapter.wrap",
}

__all__ = [
    "Adapter",
    "Calibration",
    "Card",
    "Encoded",
    "Loading",
    "Model",
    "Prepared",
    "Probe",
    "Progress",
    "TextAdapter",
    "begin",
    "begin_text",
    "card",
    "ids",
    "load",
    "loaded",
    "probe",
    "randomised",
    "record",
    "records",
    "text_download",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATE[name]}", __name__), name)
