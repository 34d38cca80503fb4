"""Entropy and mean distance a head, against the whole matrices that the model forms itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from heedmap import models, viz
from heedmap.errors import SettingError
from heedmap.viz.capture import scores
from heedmap.viz.capture.watch import OverTokens

from tests.viz.capture import oracles_torchvision, oracles_windows  # noqa: F401  adds its cases
from tests.viz.capture.oracles import CASES, case

QUICK = ("timm DINOv2 with registers", "timm BEiT", "Transformers BLIP", "Transformers YOLOS")


def by_hand(own: torch.Tensor, start: int, grid: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Entropy and distance in patches of (..., N, N), from the formulas as they are written."""
    n = math.prod(grid)
    inner = own[..., start : start + n, start : start + n].double()
    share = inner / inner.sum(-1, keepdim=True)
    entropy = -torch.xlogy(share, share).sum(-1).mean(-1) / math.log(n)
    places = torch.cartesian_prod(*(torch.arange(side) for side in grid)).double()
    far = (places[:, None] - places).pow(2).sum(-1).sqrt()
    return entropy.numpy(), (share * far).sum(-1).mean(-1).numpy()


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in CASES]
)
def test_entropy_and_distance_are_those_of_the_whole_matrix(name: str) -> None:
    known = case(name)
    adapter = models.wrap(known.module)
    photo = np.random.default_rng(0).integers(0, 256, (90, 150, 3), dtype=np.uint8)
    x = adapter.prepare(photo, size=112)
    entropy, distance = by_hand(known.attention(x.pixels), x.prefix, x.grid)

    record = viz.record_attention(adapter, x, stats=True)

    assert record.entropy.dtype == record.distance.dtype == np.float32
    assert record.entropy.shape == (adapter.depth, adapter.heads)
    np.testing.assert_allclose(record.entropy, entropy, atol=1e-4)
    np.testing.assert_allclose(record.distance, distance * x.patch, rtol=1e-4)
    assert record.entropy.std() > 0.003  # heads differ
    plain = viz.record_attention(adapter, x, token_mean=True)
    np.testing.assert_allclose(record.token_mean, plain.token_mean, atol=1e-6)
    assert plain.entropy is plain.distance is None


MASKS = {
    "plain": {},
    "boolean": {"attn_mask": (torch.rand(1, 1, 24, 24) > 0.3) | torch.eye(24).bool()},
    "added": {"attn_mask": torch.randn(1, 4, 24, 24).where(torch.rand(24, 24) > 0.1, -torch.inf)},
    "causal": {"is_causal": True},
    "sharp": {"scale": 5.0},
}


@pytest.mark.parametrize("how", MASKS.values(), ids=list(MASKS))
@pytest.mark.parametrize("block_bytes", [1, 2**23])
def test_blocks_and_masks(how: dict, block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "BLOCK_BYTES", block_bytes)
    torch.manual_seed(1)
    q, k = torch.randn(2, 1, 4, 24, 8)
    v = torch.eye(24).expand(1, 4, 24, 24)
    own = F.scaled_dot_product_attention(q, k, v, **how)[0]
    with OverTokens(24, 2, True, 2, grid=(4, 5)) as seen:
        output = F.scaled_dot_product_attention(q, k, v, **how)[0]
    torch.testing.assert_close(output, own)
    entropy, distance = by_hand(own, 2, (4, 5))
    np.testing.assert_allclose(seen.layers[0].entropy, entropy, atol=1e-4)
    np.testing.assert_allclose(seen.layers[0].distance, distance, rtol=1e-4)


def test_a_query_that_attends_to_no_patch_does_not_count() -> None:
    q, k = torch.zeros(2, 1, 1, 5, 4)
    k[..., 0, 0] = q[..., 1, 0] = 100.0  # the first patch attends to CLS alone
    with OverTokens(5, 1, True, grid=(2, 2)) as seen:
        F.scaled_dot_product_attention(q, k, k)
    assert seen.layers[0].entropy.item() == pytest.approx(1)
    with OverTokens(2, 1, True, grid=(1, 1)) as seen:  # and no other is there
        F.scaled_dot_product_attention(q[..., :2, :], k[..., :2, :], k[..., :2, :])
    assert seen.layers[0].entropy.isnan().all()


def test_uniform_attention_has_the_numbers_that_are_told() -> None:
    vit = timm.create_model("vit_small_patch14_reg4_dinov2", depth=2, img_size=98).eval()
    with torch.no_grad():
        for block in vit.blocks:
            block.attn.qkv.weight.zero_()
    adapter = models.wrap(vit)
    x = adapter.prepare(np.zeros((56, 98, 3), np.uint8), size=56)
    record = viz.record_attention(adapter, x, stats=True)
    np.testing.assert_allclose(record.entropy, viz.UNIFORM_ENTROPY, atol=1e-5)
    expected = viz.uniform_distance(x.grid, x.patch)
    np.testing.assert_allclose(record.distance, expected, rtol=1e-5)
    hidden = np.zeros(x.grid, bool)
    hidden[1, :3] = True
    shares, even = viz.cls_shares(record, hidden), viz.uniform_shares(record, hidden)
    assert {name: round(float(of[0, 0]) * 33, 3) for name, of in even.items()} == {
        "cls": 1, "registers": 4, "outliers": 3, "patches": 25
    }  # fmt: skip
    for name, share in shares.items():
        np.testing.assert_allclose(share, even[name], atol=1e-6)


def test_a_model_whose_patches_do_not_attend_to_all_says_so() -> None:
    swin = models.wrap(oracles_windows.case("Swin").module, title="Swin-T")
    x = swin.prepare(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(SettingError, match="Swin-T has no entropy and distance, since its patches"):
        viz.record_attention(swin, x, stats=True)
