"""The table of pages in app.py: whole, handed to the pages, and found on a cold server."""

from __future__ import annotations

import pytest
from heedmap import models
from heedmap.app import PAGES
from heedmap.pages.frame.page import Page

from tests.pages.app import ROOT, App


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_line_fits_its_script(page: Page) -> None:
    assert (ROOT / page.script).is_file()
    # Until app.py has run, Streamlit finds a page by the name of its script.
    assert page.address in ("", page.name)


@pytest.mark.parametrize("page", [page for page in PAGES if page.model], ids=lambda page: page.name)
def test_a_page_of_maps_opens_with_a_model_that_it_can_show(page: Page) -> None:
    first = models.records(page.needs)[0]
    assert first.bundled
    assert models.record(page.model).can >= page.needs


def test_every_script_has_a_line() -> None:
    scripts = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"__init__"}
    assert {page.name for page in PAGES} == scripts


def test_a_link_to_a_page_of_a_cold_server_goes_through_the_entry_point() -> None:
    app = App("clip", opacity="20")
    labels = [each.proto.label for each in app.at.get("page_link")]
    assert labels[: len(PAGES)] == [each.title for each in PAGES]
    assert app.link == {"opacity": "20"}
    assert [panel["title"].split(",")[0] for panel in app.stage["panels"]] == ["Layer 2", "Layer 5"]
