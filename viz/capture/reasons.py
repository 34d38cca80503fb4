"""Why a model shows no map of its attention: one sentence, with what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heedmap.errors import CaptureError

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from heedmap.viz.capture.watch import InWindows, OverTokens

OVER_CHANNELS = {"XCA", "CrossCovarianceAttn"}  # of XCiT and EdgeNeXt in timm


def check(adapter: Adapter, seen: int, watch: OverTokens | InWindows) -> None:
    """Count what was recorded against what the model has.

    Raises:
        CaptureError: the model showed nothing, or another number of layers than it has.
    """
    if seen and seen == adapter.depth:
        return
    why = _counted(adapter, seen) if seen and adapter.kinds else _unlike(adapter, watch)
    raise CaptureError(f"{adapter.title} shows no attention map: {why}.")


def _counted(adapter: Adapter, seen: int) -> str:
    if seen > adapter.depth:
        return f"{seen} layers of attention were seen where {adapter.depth} are known"
    return f"only {seen} of its {adapter.depth} layers could be watched"


def _unlike(adapter: Adapter, watch: OverTokens | InWindows) -> str:
    """It attends in a way of its own, or not at all."""
    parts = {type(part).__name__ for part in adapter.module.modules()}
    queries, keys = next(iter(watch.others), (0, 0))
    if not adapter.kinds and not watch.calls and not any("Att" in name for name in parts):
        return "it is a ConvNet and has none; see its channels instead"
    if not watch.calls:
        how = "its attention does not pass through a call that can be watched"
    elif parts & OVER_CHANNELS:
        how = "it attends over channels, not over places in the photo"
    elif queries != keys:
        how = f"it attends from {queries} to {keys} tokens, not from every patch to every patch"
    elif adapter.kinds:
        how = f"it attends from {queries} to {keys} tokens at a time, not over all of the photo"
    else:
        how = "Heedmap does not know where the tokens that it attends to stand in the photo"
    if "convolutions" in adapter.can:
        return f"{how}; see its channels on the CNN page, or choose another model"
    return f"{how}; choose another model"
