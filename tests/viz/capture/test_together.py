"""Photos that run at once, against the same photos one by one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import timm
from heedmap import models, viz
from heedmap.errors import CaptureError, SettingError
from heedmap.models import Adapter, Prepared
from torch import nn

from tests.viz.capture import (
    oracles,
    oracles_class_attention,
    oracles_torchvision,  # noqa: F401  adds its cases
    oracles_windows,
)
from tests.viz.capture.test_transformers_swin import small_swin


def made(case: Callable[[str], oracles.Case], family: str) -> nn.Module:
    return case(family).module


FAMILIES: dict[str, Callable[[], nn.Module]] = {
    **{name: partial(made, oracles.case, name) for name in oracles.CASES},
    **{
        f"timm {name}": partial(made, oracles_class_attention.case, name)
        for name in oracles_class_attention.LAYERS
    },
    **{
        f"timm {name}": partial(made, oracles_windows.case, name)
        for name in oracles_windows.FAMILIES
    },
    "Transformers Swin": small_swin,
}


def photos(adapter: Adapter, count: int = 3, fit: str = "whole") -> list[Prepared]:
    random = np.random.default_rng(0)
    size = 48 if "windows" in adapter.kinds else 64
    some = random.integers(0, 256, (count, 90, 150, 3), dtype=np.uint8)
    return [adapter.prepare(photo, size=size, fit=fit) for photo in some]


@pytest.mark.parametrize("family", list(FAMILIES))
def test_photos_at_once_are_the_same_as_one_by_one(family: str) -> None:
    adapter = models.wrap(FAMILIES[family]())
    stats = "tokens" in adapter.kinds
    xs = photos(adapter)

    together = viz.record_attentions(adapter, xs, stats=stats)

    alone = [viz.record_attention(adapter, x, stats=stats) for x in xs]
    assert together[0].maps.keys() == alone[0].maps.keys() >= set(adapter.kinds)
    for found, wanted in zip(together, alone, strict=True):
        for kind, maps in wanted.maps.items():
            assert len(maps) == len(found.maps[kind])
            for ours, own in zip(found.maps[kind], maps, strict=True):
                np.testing.assert_allclose(ours, own, atol=1e-5)
        for name in ("cls_prefix", "entropy"):
            assert (getattr(wanted, name) is None) == (getattr(found, name) is None)
            if getattr(wanted, name) is not None:
                np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), atol=1e-4)
    first = adapter.kinds[0]
    assert not np.allclose(together[0].of(first)[0], together[1].of(first)[0], atol=1e-4)


def test_dinos_own_positions_serve_all_photos() -> None:
    adapter = models.wrap(FAMILIES["timm DINO, patch 8"](), dino=True)
    xs = photos(adapter, 2, "squash")
    together = viz.record_attentions(adapter, xs)
    for x, found in zip(xs, together, strict=True):
        np.testing.assert_allclose(found.cls, viz.record_attention(adapter, x).cls, atol=1e-5)


def test_a_record_keeps_no_other_photo_in_memory() -> None:
    adapter = models.load("bundled-vit")
    one = viz.record_attentions(adapter, photos(adapter, 4), token_mean=True)[1]
    for maps in one.maps.values():
        root = maps
        while isinstance(getattr(root, "base", None), np.ndarray):
            root = root.base
        assert root.nbytes <= 2 * maps.nbytes  # its prefix tokens may lie there too


def test_no_photo_gives_no_record() -> None:
    assert viz.record_attentions(models.load("bundled-vit"), []) == []


def test_photos_that_do_not_fit_together_are_named() -> None:
    adapter = models.load("bundled-vit")
    wide, tall = (np.zeros(shape, np.uint8) for shape in ((64, 96, 3), (96, 64, 3)))
    xs = [adapter.prepare(photo, size=64) for photo in (wide, tall)]
    with pytest.raises(SettingError, match=r"Photos of 96 x 64 px \(whole\) and of 64 x 96 px"):
        viz.record_attentions(adapter, xs)
    with pytest.raises(SettingError, match="Photos are a list"):
        viz.record_attentions(adapter, xs[0])
    with pytest.raises(SettingError, match="is not a prepared photo"):
        viz.record_attentions(adapter, [xs[0], wide])


def test_a_convnet_has_no_attention_of_several_photos() -> None:
    adapter = models.wrap(timm.create_model("resnet10t", num_classes=3).eval())
    with pytest.raises(CaptureError, match="shows no attention map"):
        viz.record_attentions(adapter, photos(adapter, 2))
