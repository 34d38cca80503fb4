"""Which models there are, and how to have one: `models.load("bundled-vit")`.

Importing this room costs nothing: PyTorch, timm and Transformers come with the first model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .catalogue import Model
from .loader import begin, ids, load, loaded, probe, record, records
from .loading import Loading, Progress
from .skeleton import Probe

if TYPE_CHECKING:
    from .adapters import Adapter, wrap
    from .prepare import Prepared

__all__ = [
    "Adapter",
    "Loading",
    "Model",
    "Prepared",
    "Probe",
    "Progress",
    "begin",
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
        from . import adapters

        return getattr(adapters, name)
    if name == "Prepared":
        from .prepare import Prepared

        return Prepared
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
