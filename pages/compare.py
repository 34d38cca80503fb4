"""Compare: maps of two to four models, layers or photos beside each other, and in numbers."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from heedmap.pages.controls.attention import pick_view
from heedmap.pages.controls.columns import add_button, pick_letters, pick_pair
from heedmap.pages.controls.look import pick_look
from heedmap.pages.controls.photo import pick_photo
from heedmap.pages.frame import link
from heedmap.pages.frame.head import head
from heedmap.pages.frame.notices import Notices
from heedmap.pages.frame.page import enter
from heedmap.pages.frame.text import section
from heedmap.pages.run.columns import open_column
from heedmap.pages.stage import downloads, panels
from heedmap.pages.stage.components import stage
from heedmap.pages.stage.tables import show_columns, show_pairs
from heedmap.views import compare, export
from heedmap.views.compare import ALL, Column, Difference

page = enter("compare")
caption, _ = head(page.title)
caption.caption(
    "Two to four maps, on one scale and in numbers. "
    "Two models that look at the same places need not see the same things there."
)
notices = Notices()

with st.sidebar:
    section("Photo", "of all columns")
    photo = pick_photo()
    section("Columns")
    letters = pick_letters()
opened = [open_column(page, letter, letters, photo) for letter in letters]
columns = [each for each in opened if isinstance(each, Column)]
with st.sidebar:
    add_button(letters)
    chosen = pick_pair(compare.pairs(columns))
    section("Picture")
    look = pick_look((ALL, "map"))
look, hide = pick_view(look)
notices.show()
link.finish()

columns = [each.hiding(hide) for each in columns]
pairs = compare.pairs(columns)
difference = next((Difference(pair) for pair in pairs if pair.key == chosen), None)
stage(compared_panels(opened, columns, difference, look), None, [], key="stage")

if columns:
    heading("The columns")
    tables.columns({each.letter: each.facts for each in columns})
if pairs:
    heading("Each pair", NOTE)
    tables.rows([pair.facts(look.keep) for pair in pairs])
if columns:
    downloads.figure(export.comparison_figure(columns, look, difference, pairs))
