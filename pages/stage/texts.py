"""Maps of texts on the stage, how well each text fits beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from heedmap.pages.stage.components import Panel, Tool, stage
from heedmap.pages.stage.panels import panel, photo_of
from heedmap.pages.stage.reasons import absent
from heedmap.views import facts
from heedmap.views.render import Look
from heedmap.views.why import Waiting
from heedmap.views.words import WORDS, Source, WordMap

SCALES = (WORDS, "map")


def show_texts(
    source: Source,
    shown: Sequence[WordMap | Waiting],
    look: Look,
    tools: Sequence[Tool],
    on_ask: Callable[[dict[str, str]], None],
) -> None:
    """Show a map of each text under a toolbar, the photo and how well the texts fit beside them."""
    stage(
        [_panel(source, i, each, look) for i, each in enumerate(shown)],
        photo_of(source.request, source.seen, source.seen.grid),
        facts.reasons(source),
        tools,
        on_ask,
        key="stage",
        bars=source.shares,
        verdict=f"How well they fit, beside “{source.neutral}”:",
    )


def _panel(source: Source, index: int, shown: WordMap | Waiting, look: Look) -> Panel:
    if isinstance(shown, Waiting):
        return absent(source.texts[index], shown.says, source.seen)
    return panel(shown, look, SCALES, tag=shown.score)
