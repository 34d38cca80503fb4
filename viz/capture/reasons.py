"""Why a model shows no map of its attention: one sentence, with what to do instead."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from heedmap.errors import CaptureError, HeedmapError
from heedmap.languages import Phrase
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
    why = _counted(adapter, seen) if seen else _unseen(adapter, watch)
    raise CaptureError("{title} shows no attention map: {why}.", title=adapter.title, why=why)


def why_not(adapter: Adapter) -> str:
    """Why a model without any known kind of attention shows no map; runs it once to find out.

    It runs at the model's own size; the photo makes no difference.
    """
    import numpy as np

    x = adapter.prepare(np.zeros((adapter.size, adapter.size, 3), np.uint8), fit="squash")
    watch = OverTokens(adapter.order.tokens(x.grid[0] * x.grid[1]), 0)
    with suppress(HeedmapError), watch:  # report what was seen until then
        adapter.run(x.pixels)
    why = _unseen(adapter, watch)
    return Phrase("{title} shows no attention map: {why}.", title=adapter.title, why=why)


def _unseen(adapter: Adapter, watch: SeesTokens | InWindows) -> Phrase:
    return Phrase("{why}; {instead}", why=_unlike(adapter, watch), instead=_instead(adapter))


def _counted(adapter: Adapter, seen: int) -> str:
    if seen > adapter.depth:
        return Phrase(
            "{seen} layers of attention were seen where {depth} are known",
            seen=seen,
            depth=adapter.depth,
        )
    return Phrase(
        "only {seen} of its {depth} layers could be watched", seen=seen, depth=adapter.depth
    )


def _unlike(adapter: Adapter, watch: SeesTokens | InWindows) -> str:
    """How its attention differs from what can be shown."""
    parts = {type(part).__name__ for part in adapter.module.modules()}
    queries, keys = next(iter(watch.others), (0, 0))
    if not watch.calls:
        if any("Att" in name for name in parts):
            return Phrase("its attention does not pass through a call that can be watched")
        return Phrase("no attention was seen in its forward pass")
    if parts & OVER_CHANNELS:
        return Phrase("it attends over channels, not over places in the photo")
    if watch.others and queries != keys:
        return Phrase(
            "it attends from {queries} to {keys} tokens, not from every patch to every patch",
            queries=queries,
            keys=keys,
        )
    if adapter.kinds:
        return Phrase(
            "it attends from {queries} to {keys} tokens, which are not the patches of the photo",
            queries=queries,
            keys=keys,
        )
    return Phrase("where the tokens that it attends to are in the photo is not known")


def _instead(adapter: Adapter) -> str:
    if "convolutions" in adapter.can and adapter.conv_layers:
        return Phrase("see its convolutions, or choose another model")
    return Phrase("choose another model")
