"""What is told of models and maps in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from heedmap import models
from heedmap.models import Adapter, Probe
from heedmap.models.families.order import Order
from heedmap.views import attention, cache, facts, model_facts
from heedmap.views.request import Request

from tests.viz.capture import oracles


def probe(**facts: object) -> Probe:
    own: dict = {
        "id": "a/b", "can": frozenset({"attention"}), "kinds": ("cls", "tokens"), "depth": 12,
        "heads": 6, "patch": 16, "order": Order(1, 0, 1), "size": 224,
        "parameters": 22_000_000, "nbytes": 88_000_000,
    }  # fmt: skip
    return Probe(**{**own, **facts})


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({}, "12 layers of 6 heads · patch 16 px · CLS · 88 MB in memory"),
        ({"order": Order(5, 0, 1)}, "12 layers of 6 heads · patch 16 px · CLS and 4 more tokens "
         "before the patches · 88 MB in memory"),
        ({"order": Order(), "kinds": ("pool", "tokens")},
         "12 layers of 6 heads · patch 16 px · pooling head, no CLS · 88 MB in memory"),
        ({"order": Order(4), "kinds": ("tokens",), "depth": 1, "heads": 1},
         "1 layer of 1 head · patch 16 px · no CLS, 4 tokens before the patches · 88 MB in "
         "memory"),
        ({"order": Order(), "kinds": ("windows",), "patch": 32, "heads": 3},
         "12 layers of 3 heads or more, within windows · stride 32 px · no CLS · 88 MB in "
         "memory"),
        ({"order": Order(8, 0, 8)},
         "12 layers of 6 heads · patch 16 px · 8 CLS tokens · 88 MB in memory"),
        ({"order": Order(7, 0, 3)}, "12 layers of 6 heads · patch 16 px · 3 CLS tokens and 4 more "
         "tokens before the patches · 88 MB in memory"),
        ({"order": Order(0, 1, 1, last=True)},
         "12 layers of 6 heads · patch 16 px · CLS behind the patches · 88 MB in memory"),
        ({"kinds": ("cls",), "depth": 2},
         "2 layers of 6 heads in which CLS reads the patches (those before have no CLS and are not "
         "shown) · patch 16 px · CLS · 88 MB in memory"),
        ({"kinds": (), "depth": 0, "heads": 0, "patch": 32, "nbytes": 2_000_000_000},
         "CNN · stride 32 px · 2.00 GB in memory"),
        ({"kinds": (), "patch": 1}, "CNN · 88 MB in memory"),
    ],
)  # fmt: skip
def test_a_shape_in_a_line(own: dict, line: str) -> None:
    assert model_facts.shape(probe(**own)) == line


def test_the_list_says_what_a_model_is_and_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there: set[str] = set()
    monkeypatch.setattr(
        model_facts, "cached", lambda entry: tmp_path if entry.id in there else None
    )
    record = models.record
    cache.clear()
    assert model_facts.line(record("bundled-vit")) == "Bundled · Heedmap ViT/8 at 128 px"
    assert model_facts.line(record("dinov2-vits14")) == "DINOv2 · ViT-S/14 · ↓ 88 MB"
    assert model_facts.line(record("resnet50")) == "ConvNets · ResNet-50 · ↓ 102 MB"
    own = replace(record("bundled-vit"), id="local:mine", title="Mine", group="Own folder")
    assert model_facts.line(own) == "Own folder · Mine"
    there.add("clip-vit-l14")
    assert model_facts.line(record("clip-vit-l14")) == "CLIP · ViT-L/14 · on disk"
    cache.clear()


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.5, "50.0%"), (0.0061, "0.6%"), (0.00033, "0.033%"), (0.0, "0%"), (0.9994, "99.9%"),
        (0.99951, "over 99.9%"), (1 - 1e-12, "over 99.9%"), (1.0, "100.0%"),
    ],
)  # fmt: skip
def test_only_nothing_is_nothing_and_only_all_is_all(share: float, said: str) -> None:
    assert attention.percent(share) == said


def test_prefix_tokens_always_get_something(vit: Adapter, cat: Request) -> None:
    shown = attention.Map(attention.source(vit, cat), 2, "1")
    source = shown.source
    all_of_it = np.full_like(source.maps, 1.0000001 / source.maps[0, 0].size)
    whole = replace(shown, source=replace(source, maps=all_of_it))
    assert whole.on_patches >= 1
    assert facts.on_patches(whole) == "over 99.9%, the rest on prefix tokens"


@pytest.mark.parametrize(
    ("height", "width", "said"),
    [
        (30, 40, "whole photo, 168 × 128 px, enlarged from 40 × 30"),
        (126, 126, "whole photo, 128 × 128 px"),
        (600, 800, "whole photo, 168 × 128 px"),
    ],
)
def test_a_small_photo_is_told_that_it_is_enlarged(
    vit: Adapter, height: int, width: int, said: str
) -> None:
    photo = np.zeros((height, width, 3), np.uint8)
    assert facts.saw(vit.prepare(photo, 128)) == said


def test_rows_and_columns_count_from_0(vit: Adapter, cat: Request) -> None:
    shown = attention.Map(attention.source(vit, cat), 2, "1")
    row, column = divmod(int(shown.values.argmax()), shown.values.shape[1])
    assert dict(facts.attention(shown))["Strongest"].startswith(
        f"row {row}, column {column} (from 0) holds "
    )


@pytest.mark.parametrize(
    ("name", "prefix", "what"),
    [
        ("Transformers Pixio", "8 (8 CLS)", "attention from CLS, mean of 8 CLS tokens"),
        ("Transformers RADIO", "7 (3 CLS and 4 more)", "attention from CLS, mean of 3 CLS tokens"),
        ("Transformers DeiT", "2 (CLS and 1 more)", "attention from CLS"),
        ("Transformers ViT", "1 (CLS)", "attention from CLS"),
        ("Transformers I-JEPA", "none", "mean attention token to token"),
    ],
)
def test_a_map_of_several_cls_tokens_says_so(name: str, prefix: str, what: str) -> None:
    adapter = models.wrap(oracles.case(name).module, id=name)
    source = attention.source(adapter, Request("cat", name, 64))
    said = dict(facts.attention(attention.Map(source, 1)))
    assert (said["Prefix tokens"], said["Attention"]) == (prefix, what)
