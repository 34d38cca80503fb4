"""The page Start: seven views with pictures, and links that show what the pictures show."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from heedmap.views.tours import TOURS

from tests.pages.app import App


@pytest.mark.slow
def test_each_guided_view_has_pictures_and_a_link_that_works() -> None:
    app = App("start", photo="coffee")
    assert not app.errors
    links = [each.proto for each in app.at.get("page_link") if each.proto.label == "Open this view"]
    assert len(links) == len(TOURS) == 7
    pictures = [each.proto.body for each in app.at.get("html") if 'class="tour"' in each.proto.body]
    assert [body.count("<img") for body in pictures] == [2] * 6 + [0]
    assert [body.count('class="shaded"') for body in pictures] == [0] * 6 + [2]
    for tour, each in zip(TOURS, links, strict=True):
        asked = dict(parse_qsl(each.query_string))
        assert asked["photo"] == "coffee"
        there = App(tour.page, **asked)
        assert not there.errors
        assert not there.notices


def test_a_link_to_a_view_sets_its_page_within_a_session() -> None:
    app = App("start")
    app.go("vit", layer="1", head="2")
    assert app.hero["title"] == "Layer 1, head 2"
