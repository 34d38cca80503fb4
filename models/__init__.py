"""Which models there are, and how to load one: `models.load("bundled-vit")`.

Importing this room costs nothing: PyTorch, timm and Transformers come with the first model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heedmap.models.catalogue.card import Calibration, Card
from heedmap.models.catalogue.entries import Model
from heedmap.models.loading.loader import begin, load, loaded
from heedmap.models.loading.progress import Loading, Progress
from heedmap.models.loading.registry import card, ids, probe, record, records
from heedmap.models.loading.skeleton import Probe

if TYPE_CHECKING:
    from heedmap.models.adapter.adapter import Adapter
    from heedmap.models.adapter.language import Encoded, TextAdapter
    from heedmap.models.adapter.wrap import wrap
    from heedmap.models.prepare import Prepared

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
    "card",
    "ids",
    "load",
    "loaded",
    "probe",
    "record",
    "records",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name in {"Adapter", "wrap"}:
        from heedmap.models.adapter import adapter, wrap

        return adapter.Adapter if name == "Adapter" else wrap.wrap
    if name in {"Encoded", "TextAdapter"}:
        from heedmap.models.adapter import language

        return getattr(language, name)
    if name == "Prepared":
        from heedmap.models.prepare import Prepared

        return Prepared
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
