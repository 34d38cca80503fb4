"""Compare: maps of models, layers or photos beside each other, on one scale and in numbers."""

from __future__ import annotations

import streamlit as st
from heedmap.pages.controls.attention import pick_hiding
from heedmap.pages.controls.columns import add_button, pick_letters, pick_pair, say_unread
from heedmap.pages.controls.elsewhere import offer_why
from heedmap.pages.controls.look import pick_look
from heedmap.pages.controls.photo import pick_photo
from heedmap.pages.frame import link, tables
from heedmap.pages.frame.head import head, name_tab
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.frame.text import heading, section
from heedmap.pages.language import tr
from heedmap.pages.run.columns import open_column
from heedmap.pages.run.hiding import hide_in
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.panels import compared_panels
from heedmap.pages.take.export import offer
from heedmap.views import export, large, photos
from heedmap.views.compare import ALL, Column
from heedmap.views.pairs import Difference, pairs

SCALES = (ALL, "map")

page = enter("compare")
caption = head(page.title)
caption.caption(
    tr(
        "Two to four maps on one scale, and how far they agree. Models that look at the same "
        "places need not see the same things there. A click on a map shows what that patch "
        "attends to."
    )
)
notices = Notices()

with st.sidebar:
    section(tr("Photo"), tr("of all columns"))
    photo = pick_photo()
    section(tr("Columns"))
    letters = pick_letters()
name_tab(page.title, photos.name(photo))
opened = [open_column(page, letter, letters, photo) for letter in letters]
with st.sidebar:
    add_button(letters)
    hide = pick_hiding()
    opened = [hide_in(each, hide) for each in opened]
    columns = [each for each in opened if isinstance(each, Column)]
    compared = pairs(columns)
    pair = pick_pair(compared)
look, tools = pick_look(SCALES, masks=True)
say_unread()
notices.show()
link.finish()

difference = Difference(pair) if pair else None
stage(compared_panels(opened, difference, look, SCALES), None, [], tools, link.ask, key="stage")
if columns:
    offer_why(columns[0].shown.request)
    heading(tr("The columns"))
    tables.side_by_side({each.letter: each.facts for each in columns})
if compared:
    heading(
        tr("How far they agree"),
        tr("1 is the same, chance is what random masks of their sizes share"),
    )
    tables.listed([each.facts(look.keep) for each in compared])
if columns:
    pictures = large.of_columns(columns, look, difference)
    offer(export.large(pictures, export.pairs_told(compared, look.keep), link.address()))
