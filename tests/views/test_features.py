"""What is told of features: one block, one patch, outliers by norm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from heedmap.models import Adapter
from heedmap.views import attention, features
from heedmap.views.attention import Map
from heedmap.views.request import Request


def test_a_section_looks_at_the_pinned_or_the_strongest_patch(vit: Adapter, cat: Request) -> None:
    hero = Map(attention.source(vit, cat), 2, "1")
    row, col = features.query_of(hero)
    assert hero.values[row, col] == hero.values.max()
    pinned = Map(attention.source(vit, cat, "patch", (3, 5)), 2)
    assert features.query_of(pinned) == (3, 5)


def test_outliers_are_counted_with_what_cls_gives_them(vit: Adapter, cat: Request) -> None:
    hero = Map(attention.source(vit, cat), 2)
    own = features.held(vit, cat, 2)
    assert own.block == 2
    lengths = np.full(own.seen.grid, 50, np.float32)
    even = replace(own, features=replace(own.features, norms=lengths))
    told = features.told_outliers(even, hero, vit)
    assert told == "No patch stands out by its norm: they lie between 50 and 50."
    lengths[1, 2] = 400
    assert np.argwhere(even.outliers).tolist() == [[1, 2]]
    share = hero.source.maps[2][:, 1, 2].mean()
    told = features.told_outliers(even, hero, vit)
    assert told.startswith("1 patch has a norm from 400 up, where 50 is usual. CLS gives it ")
    assert f"{attention.percent(float(share))} of its attention in layer 2" in told


def test_a_second_photo_is_on_the_scale_of_the_first(vit: Adapter, cat: Request) -> None:
    own = features.held(vit, cat, 2)
    both = [own, features.second(vit, own, "rocket")]
    one, other = features.similarity(both, (3, 5))
    assert one.values[3, 5] == pytest.approx(1)
    assert one.limits("map") == other.limits("map")
    assert one.limits("map")[0] == min(one.values.min(), other.values.min())
    query, there = own.features.patches[:, 3, 5], both[1].features.patches[:, 0, 1]
    cosine = query @ there / np.linalg.norm(query) / np.linalg.norm(there)
    assert other.values[0, 1] == pytest.approx(cosine, abs=1e-5)


def test_a_layer_beyond_the_blocks_is_the_last_block(vit: Adapter, cat: Request) -> None:
    assert features.held(vit, cat, 99).block == 5


def test_outliers_by_norm_are_hidden_where_norms_are_at_hand(vit: Adapter, cat: Request) -> None:
    plain = attention.source(vit, cat)
    known = attention.with_norms(vit, cat, plain)
    assert [mask.shape for mask in known.outliers] == [plain.seen.grid] * plain.depth
    far = np.zeros(plain.seen.grid, bool)
    far[1, 2] = True
    hidden = Map(replace(plain, outliers=(far,) * plain.depth), 2, "1", hide=True)
    own = Map(plain, 2, "1").values
    assert hidden.values[1, 2] == 0
    assert hidden.values[3, 4] == pytest.approx(own[3, 4] * own.sum() / (own.sum() - own[1, 2]))
    assert hidden.label == "1 outlier patch by norm hidden, renormalised"
    assert "by this map" in Map(plain, 2, "1", hide=True).label
