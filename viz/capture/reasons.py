"""Why a model shows no map of its attention: one sentence, with what to do instead."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from heedmap.errors import CaptureError, HeedmapError
from heedmap.viz.capture.watch import OverTokens

if TYPE_CHECKING:
    from heedmap.models import Adapter
    from heedmap.viz.capture.watch import InWindows, SeesTokens

OVER_CHANNELS = {"XCA", "CrossCovarianceAttn"}  # of XCiT and EdgeNeXt in timm


def check(adapter: Adapter, seen: int, watch: SeesTokens | InWindows) -> None:
    """Check that as many layers were recorded as the model has.

    Raises:
        CaptureError: no attention was seen, or that of fewer or more layers.
    """
    if seen and seen == adapter.depth:
        return
    why = _counted(adapter, seen) if seen else f"{_unlike(adapter, watch)}; {_instead(adapter)}"
    raise CaptureError(f"{adapter.title} shows no attention map: {why}.")


def why_not(adapter: Adapter) -> str:
    """Why a model without any known kind of attention shows no map; runs it once to find out.

    It runs at the model's own size; the photo makes no difference.
    """
    import numpy as np

    x = adapter.prepare(np.zeros((adapter.size, adapter.size, 3), np.uint8), fit="squash")
    watch = OverTokens(adapter.order.tokens(x.grid[0] * x.grid[1]), 0)
    with suppress(HeedmapError), watch:  # report what was seen until then
        adapter.run(x.pixels)
    why = f"{_unlike(adapter, watch)}; {_instead(adapter)}"
    return f"{adapter.title} shows no attention map: {why}."


def _counted(adapter: Adapter, seen: int) -> str:
    if seen > adapter.depth:
        return f"{seen} layers of attention were seen where {adapter.depth} are known"
    return f"only {seen} of its {adapter.depth} layers could be watched"


def _unlike(adapter: Adapter, watch: SeesTokens | InWindows) -> str:
    """How its attention differs from what can be shown."""
    parts = {type(part).__name__ for part in adapter.module.modules()}
    queries, keys = next(iter(watch.others), (0, 0))
    if not watch.calls:
        if any("Att" in name for name in parts):
            return "its attention does not pass through a call that can be watched"
        return "no attention was seen in its forward pass"
    if parts & OVER_CHANNELS:
        return "it attends over channels, not over places in the photo"
    if watch.others and queries != keys:
        return f"it attends from {queries} to {keys} tokens, not from every patch to every patch"
    if adapter.kinds:
        return f"it attends from {queries} to {keys} tokens, which are not the patches of the photo"
    return "where the tokens that it attends to are in the photo is not known"


def _instead(adapter: Adapter) -> str:
    if "convolutions" in adapter.can and adapter.conv_layers:
        return "see its convolutions, or choose another model"
    return "choose another model"
