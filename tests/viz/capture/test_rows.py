"""Rows of single tokens, and queries and keys, against what the same model forms itself."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from heedmap import models, viz
from heedmap.errors import CaptureError, SettingError
from heedmap.viz.capture.queries import _scores
from heedmap.viz.capture.scores import Call, Scores

from tests.viz.capture import (
    oracles_class_attention,
    oracles_torchvision,  # noqa: F401  adds its cases
    oracles_windows,
)
from tests.viz.capture.oracles import CASES, case

PATCHES = [(0, 0), (1, 3), (3, 1)]
FORMED = {"Transformers BLIP"}  # forms its attention itself, without a call that shows its queries


def photo_of(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def prepared(module: object, height: int = 140, width: int = 150) -> tuple:
    adapter = models.wrap(module)
    return adapter, adapter.prepare(photo_of(height, width), size=112)


@pytest.mark.parametrize("name", list(CASES))
def test_rows_and_queries_are_the_models_own(name: str) -> None:
    known = case(name)
    adapter, x = prepared(known.module)
    rows, cols = x.grid
    layer = adapter.depth - 1
    own = known.attention(x.pixels)[layer]  # (heads, N, N)
    end = x.prefix + rows * cols

    found = viz.record_rows(adapter, x, layer, PATCHES)

    assert found.dtype == np.float32
    tokens = [x.prefix + row * cols + col for row, col in PATCHES]
    wanted = own[:, tokens, x.prefix : end].transpose(0, 1).unflatten(-1, x.grid)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    if name in FORMED:
        with pytest.raises(CaptureError, match="since it forms its attention"):
            viz.record_queries(adapter, x, layer)
        return
    queries = viz.record_queries(adapter, x, layer)
    assert queries.q.dtype == queries.k.dtype == np.float16
    assert queries.q.shape[:2] == queries.k.shape[:2] == own.shape[:2]
    assert (queries.prefix, queries.grid) == (x.prefix, x.grid)
    for token in (*tokens, 0, own.shape[-1] - 1):
        np.testing.assert_allclose(queries.row(token), own[:, token], atol=4e-3)


@pytest.mark.parametrize("name", ["timm DINOv2 with registers", "Transformers Pixio", "timm BEiT"])
def test_other_tokens_are_asked_by_name(name: str) -> None:
    known = case(name)
    adapter, x = prepared(known.module)
    record = viz.record_attention(adapter, x)
    (cls,) = viz.record_rows(adapter, x, -1, ["cls"])
    np.testing.assert_allclose(cls, record.cls[-1], atol=1e-6)
    registers = x.prefix - known.cls
    assert len(viz.record_queries(adapter, x, 0).cls) == known.cls
    if registers:
        own = known.attention(x.pixels)[0, :, 1 : x.prefix, x.prefix :].transpose(0, 1)
        asked = [("register", i) for i in range(registers)]
        found = viz.record_rows(adapter, x, 0, asked)
        np.testing.assert_allclose(found, own.unflatten(-1, x.grid), atol=1e-5)
    with pytest.raises(SettingError, match=f"no register {registers}, it has {registers} tokens"):
        viz.record_rows(adapter, x, 0, [("register", registers)])


@pytest.mark.parametrize(
    "family", [*list(oracles_windows.FAMILIES)[:1], *list(oracles_windows.FAMILIES)[2:3]]
)
def test_a_row_within_windows_is_zero_outside(family: str) -> None:
    known = oracles_windows.case(family)
    adapter = models.wrap(known.module)
    x = adapter.prepare(photo_of(60, 90), size=48)
    own = oracles_windows.attention(known.anew(*x.pixels.shape[-2:]), x.pixels)
    for layer, (matrix, (rows, cols)) in enumerate(own):
        asked = [(0, 0), (rows - 1, cols // 2)]
        found = viz.record_rows(adapter, x, layer, asked)
        there = matrix[:, [row * cols + col for row, col in asked]].transpose(0, 1)
        np.testing.assert_allclose(found, there.unflatten(-1, (rows, cols)), atol=1e-5)
    with pytest.raises(
        CaptureError, match="cannot be had, since it attends within windows: record"
    ):
        viz.record_queries(adapter, x, 0)
    with pytest.raises(SettingError, match=r"no patch 'cls' in a grid of .*: give \(row, col\)"):
        viz.record_rows(adapter, x, -1, ["cls"])


@pytest.mark.parametrize("family", list(oracles_class_attention.LAYERS))
def test_class_attention_has_the_row_of_cls_alone(family: str) -> None:
    adapter = models.wrap(oracles_class_attention.case(family).module, title="CaiT")
    x = adapter.prepare(photo_of(64, 90), size=64)
    (row,) = viz.record_rows(adapter, x, 1, ["cls"])
    np.testing.assert_allclose(row, viz.record_attention(adapter, x).cls[1], atol=1e-6)
    with pytest.raises(SettingError, match=r'what CLS attends to and no .*: give \["cls"\]'):
        viz.record_rows(adapter, x, 1, [(0, 0)])
    with pytest.raises(CaptureError, match="CaiT cannot be had, since its CLS token alone"):
        viz.record_queries(adapter, x, 1)


def test_a_model_that_forms_its_attention_itself_shows_rows_and_no_queries() -> None:
    module = case("timm ViT").module
    for block in module.blocks:
        block.attn.fused_attn = False
    adapter, x = prepared(module)
    own = case("timm ViT").attention(x.pixels)[0, :, 1, 1:].unflatten(-1, x.grid)
    np.testing.assert_allclose(viz.record_rows(adapter, x, 0, [(0, 0)])[0], own, atol=1e-5)
    with pytest.raises(CaptureError, match="forms its attention without the call"):
        viz.record_queries(adapter, x, 0)


HOW = {
    "causal": {"is_causal": True},
    "boolean": {"attn_mask": (torch.rand(1, 1, 24, 24) > 0.3) | torch.eye(24).bool()},
    "a head": {"attn_mask": torch.randn(1, 4, 24, 24)},
    "one row": {"attn_mask": torch.randn(24)[None]},
    "grouped": {"enable_gqa": True},
}


@pytest.mark.parametrize("how", HOW.values(), ids=list(HOW))
def test_queries_heed_every_argument_of_the_call(how: dict) -> None:
    """With the identity as values, the output of the call is the attention itself."""
    torch.manual_seed(1)
    groups = 2 if "enable_gqa" in how else 4
    q, k = torch.randn(1, 4, 24, 8), torch.randn(1, groups, 24, 8) + 30  # which softmax ignores
    v = torch.eye(24).expand(1, groups, 24, 24)
    own = F.scaled_dot_product_attention(q, k, v, **how)[0]
    record = viz.LayerQueries(0, *_scores(Scores.of(Call(q, k, v, **how))), 0, (4, 6), ())
    for token in range(24):
        np.testing.assert_allclose(record.row(token), own[:, token], atol=2e-3)


def test_a_mask_of_nothing_is_no_bias() -> None:
    q = torch.randn(1, 4, 24, 8)
    call = Call(q, q, q, torch.ones(1, 1, 24, 24, dtype=torch.bool))
    assert Scores.of(call).bias() is None


def test_wrong_rows_are_one_sentence() -> None:
    adapter = models.wrap(timm.create_model("vit_tiny_patch16_224", depth=2), title="ViT")
    x = adapter.prepare(photo_of(32, 48), size=32)
    for layer, patches, words in [
        (2, [(0, 0)], "ViT has no layer 2: choose 0 to 1, or -1 for the last"),
        ("a", [(0, 0)], "no layer 'a'"),
        (0, [], "0 patches have no attention"),
        (0, [(2, 0)], r"no patch \(2, 0\) in a grid of 2 x 3"),
        (0, [(0.5, 0)], r"no patch \(0.5, 0\)"),
        (0, ["clas"], r"no token 'clas': give a patch \(row, col\) or \"cls\""),
        (0, "cls", "Patches are a list, this is 'cls'"),
    ]:
        with pytest.raises(SettingError, match=words):
            viz.record_rows(adapter, x, layer, patches)
    cnn = models.wrap(timm.create_model("resnet18"))
    x = cnn.prepare(photo_of(64, 64), size=64)
    with pytest.raises(CaptureError, match="no attention was seen"):
        viz.record_queries(cnn, x, 0)
