"""The whole matrix of a head, against the model's own."""

from __future__ import annotations

import numpy as np
import pytest
from heedmap import models, viz
from heedmap.errors import CaptureError, SettingError

from tests.viz.capture import oracles_windows
from tests.viz.capture.oracles import case


def prepared(module: object) -> tuple:
    adapter = models.wrap(module, title="ViT")
    photo = np.random.default_rng(0).integers(0, 256, (90, 150, 3), dtype=np.uint8)
    return adapter, adapter.prepare(photo, size=64)


@pytest.mark.parametrize(
    "name", ["timm DINOv2 with registers", "Transformers YOLOS", "Transformers BLIP"]
)
def test_small_matrices_are_the_models_own(name: str) -> None:
    known = case(name)
    adapter, x = prepared(known.module)
    found = viz.attention_matrix(adapter, x, -1, 2)
    own = known.attention(x.pixels)[-1, 2]
    np.testing.assert_allclose(found.values, own, atol=1e-5)
    mean = viz.attention_matrix(adapter, x, -1, None)
    np.testing.assert_allclose(mean.values, known.attention(x.pixels)[-1].mean(0), atol=1e-5)
    assert found.tile == 1
    rows, cols = x.grid
    assert found.patches == rows * cols
    assert found.labels[0] == "CLS"
    assert found.labels[x.prefix] == "patch (0, 0)"
    assert found.labels[x.prefix + cols + 2] == "patch (1, 2)"
    assert found.places[x.prefix + cols + 2] == (1, 2)
    assert len(found.labels) == len(found.places) == len(own)
    registers = [label for label in found.labels if label.startswith("register")]
    assert registers == [f"register {i}" for i in range(len(own) - rows * cols - 1)]


def test_patches_are_pooled_to_tiles_whose_rows_sum_to_one() -> None:
    known = case("timm DINOv2 with registers")
    adapter, x = prepared(known.module)
    rows, cols = x.grid
    found = viz.attention_matrix(adapter, x, 0, 1, most=15)
    assert (rows, cols, found.tile) == (5, 8, 3)
    own = known.attention(x.pixels)[0, 1].numpy()

    def tokens(row: int, col: int) -> list[int]:
        inside = [
            (r, c) for r in range(row, min(row + 3, rows)) for c in range(col, min(col + 3, cols))
        ]
        return [5 + r * cols + c for r, c in inside]

    groups = [[n] for n in range(5)] + [tokens(r, c) for r in (0, 3) for c in (0, 3, 6)]
    by_hand = [[own[np.ix_(q, k)].sum(1).mean() for k in groups] for q in groups]
    np.testing.assert_allclose(found.values, by_hand, atol=1e-5)
    np.testing.assert_allclose(found.values.sum(1), 1, atol=1e-5)
    assert found.labels[5:] == (
        "patches (0, 0) to (2, 2)", "patches (0, 3) to (2, 5)", "patches (0, 6) to (2, 7)",
        "patches (3, 0) to (4, 2)", "patches (3, 3) to (4, 5)", "patches (3, 6) to (4, 7)",
    )  # fmt: skip
    assert viz.attention_matrix(adapter, x, 0, 1, most=6).patches == 1


def test_a_mask_a_head_is_the_heads_own() -> None:
    known = case("timm BEiT")
    adapter, x = prepared(known.module)
    found = viz.attention_matrix(adapter, x, 1, 3)
    np.testing.assert_allclose(found.values, known.attention(x.pixels)[1, 3], atol=1e-5)


def test_wrong_matrices_are_one_sentence() -> None:
    adapter, x = prepared(case("timm ViT").module)
    for how, words in [
        ((0, 4), "ViT has no head 4: choose 0 to 3, or -1 for the last"),
        ((2, 0), "ViT has no layer 2"),
        ((0, 0, 1), "A matrix of 1 tokens a side cannot be drawn: choose 2 or more"),
    ]:
        with pytest.raises(SettingError, match=words):
            viz.attention_matrix(adapter, x, *how)
    swin = models.wrap(oracles_windows.case("Swin").module)
    small = swin.prepare(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(CaptureError, match="no matrix of all tokens, since its patches do not"):
        viz.attention_matrix(swin, small, 0, 0)
