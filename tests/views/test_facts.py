"""What is told of models and maps in words."""

from __future__ import annotations

import pytest
from heedmap import models
from heedmap.models import Probe
from heedmap.models.families.order import Order
from heedmap.views import attention, facts, model_facts
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
    ("facts", "line"),
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
        ({"kinds": (), "depth": 0, "heads": 0, "patch": 32, "nbytes": 2_000_000_000},
         "CNN · stride 32 px · 2.00 GB in memory"),
        ({"kinds": (), "patch": 1}, "CNN · 88 MB in memory"),
    ],
)  # fmt: skip
def test_a_shape_in_a_line(facts: dict, line: str) -> None:
    assert model_facts.shape(probe(**facts)) == line


@pytest.mark.parametrize(
    ("share", "said"), [(0.5, "50.0%"), (0.0061, "0.6%"), (0.00033, "0.033%"), (0.0, "0%")]
)
def test_a_small_share_is_not_nothing(share: float, said: str) -> None:
    assert attention.percent(share) == said


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
