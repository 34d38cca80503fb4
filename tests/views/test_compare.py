"""Columns on one scale, pairs in numbers, a difference of two."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.models import Adapter
from heedmap.views import attention, channels, render
from heedmap.views.attention import Map
from heedmap.views.compare import ALL, Column, alike, on_one_scale
from heedmap.views.pairs import Difference, Pair, pairs
from heedmap.views.request import Request


@pytest.fixture
def last(vit: Adapter, cat: Request) -> Map:
    return Map(attention.source(vit, cat), layer=5)


def column(letter: str, shown) -> Column:
    return Column(letter, shown)


def channel(photo: str = "cat") -> channels.Channel:
    adapter = models.load("bundled-cnn")
    layer = adapter.default_conv_layers[-1]
    source = channels.source(adapter, Request(photo, "bundled-cnn", 128), (layer,))
    return source.strongest(1)[layer][0]


def test_maps_of_one_kind_and_grid_share_their_values(last: Map) -> None:
    shown = [last, Map(last.source, 0, "2")]
    assert alike(shown)
    scaled = on_one_scale(shown)
    values = [each.values for each in shown]
    ends = (float(min(map(np.min, values))), float(max(map(np.max, values))))
    for each, own in zip(scaled, values, strict=True):
        np.testing.assert_array_equal(each.values, own)
        assert each.limits(ALL) == ends
        assert each.limits("map") == (own.min(), own.max())
        assert each.what == "attention from CLS"


def test_unlike_maps_share_a_scale_of_shares_per_area(last: Map) -> None:
    other = channel()
    scaled = on_one_scale([last, other])
    assert not alike([last, other])
    for each, own in zip(scaled, (last, other), strict=True):
        mass = np.maximum(own.values, 0).astype(float)
        np.testing.assert_allclose(each.values, mass / mass.mean(), rtol=1e-5)
        assert "share per area" in each.what
    assert scaled[0].limits(ALL) == scaled[1].limits(ALL)
    assert scaled[0].key != on_one_scale([last, last])[0].key


def test_a_pair_is_compared_where_both_looked(vit: Adapter, last: Map) -> None:
    crop = Map(attention.source(vit, Request("cat", "bundled-vit", 224, "crop")), 5)
    pair = Pair(column("A", last), column("B", crop))
    assert pair.common.box == pytest.approx(crop.seen.box)
    told = dict(pair.facts(0.6))
    assert "of the photo that both saw" in told["Compared on"]
    rank = viz.rank_correlation(pair.common.first, pair.common.second)
    assert told["Rank correlation"] == f"{rank:.2f}"
    shared = viz.mask_overlap(pair.common.first, pair.common.second, 0.6)
    assert (told["Overlap of 60% masks"], told["By chance"]) == (
        f"{shared.share:.2f}",
        f"{shared.chance:.2f}",
    )


def test_two_photos_are_compared_in_the_frame(vit: Adapter, last: Map) -> None:
    other = Map(attention.source(vit, Request("coffee", "bundled-vit", 128)), 5)
    pair = Pair(column("A", last), column("B", other))
    assert not pair.one_photo
    assert "two photos" in pair.region


def test_a_map_against_itself(last: Map) -> None:
    (pair,) = pairs([column("A", last), column("B", last)])
    assert pair.correlation == pytest.approx(1)
    assert pair.overlap(0.6).share == 1
    difference = Difference(pair)
    assert not difference.values.any()
    assert difference.limits("map") == (-1, 1)  # zero stays in the middle


def test_a_difference_is_signed_and_drawn_on_what_both_saw(vit: Adapter, last: Map) -> None:
    crop = Map(attention.source(vit, Request("cat", "bundled-vit", 224, "crop")), 5)
    difference = Difference(Pair(column("A", last), column("B", crop)))
    assert difference.values.mean() == pytest.approx(0, abs=1e-5)
    low, high = difference.limits("map")
    assert low == -high
    assert high == np.abs(difference.values).max()
    wide = crop.seen.box[2] - crop.seen.box[0]
    high_px = crop.seen.box[3] - crop.seen.box[1]
    for over in ("photo", "model"):
        picture = render.base(difference.request, difference.seen, over)
        assert picture.shape[1] / picture.shape[0] == pytest.approx(wide / high_px, rel=0.02)
    whole = render.base(last.request, last.seen)
    assert whole.shape != render.base(difference.request, difference.seen).shape
