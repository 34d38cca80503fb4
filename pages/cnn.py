"""CNN channels: what the strongest channels of a CNN's convolutions respond to."""

from __future__ import annotations

from heedmap.pages.controls.channels import chosen_channel
from heedmap.pages.controls.columns import offer_comparison
from heedmap.pages.controls.galleries import show_channels
from heedmap.pages.controls.look import pick_look
from heedmap.pages.frame import link
from heedmap.pages.frame.head import explain, head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.run.opening import open_channels
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.panels import panel, photo_panel, words
from heedmap.pages.take.export import offer
from heedmap.views import export, facts, large

SCALES = ("map", "layer")

page = enter("cnn")
head(page.title).caption(
    "Where in the photo the strongest channels of each layer respond. "
    "A strong channel is a response, not a reason for the prediction."
)
notices = Notices()

source, count = open_channels(page, notices)
look, tools = pick_look(SCALES, signed=source.signed)
rows = source.strongest(count)
hero = chosen_channel(rows)
notices.show()
link.finish()
offer_comparison(look, hero)

stage(
    [panel(hero, look, SCALES)],
    photo_panel(hero),
    facts.channel(hero),
    tools,
    link.ask,
    key="stage",
    bars=source.predictions(),
    verdict=source.verdict,
)
explain(words(hero, look))
show_channels(rows, hero, look, count)
offer(
    export.large(large.of_one(hero, look), facts.channel(hero), link.address()),
    export.channels(rows, hero, look, link.address()),
)
