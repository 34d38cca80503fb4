"""What is recorded, against what the same model forms itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from heedmap import models, viz
from heedmap.errors import CaptureError, SettingError
from heedmap.viz.capture import scores
from heedmap.viz.capture.watch import OverTokens
from torch import nn

from tests.viz.capture import oracles_torchvision  # noqa: F401  adds its cases
from tests.viz.capture.oracles import CASES, case, one_is_quick

SHAPES = {"landscape": (90, 150), "portrait": (140, 90), "square": (96, 96)}


def photo_of(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def hooks_on(module: nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules())


@pytest.mark.parametrize("shape", one_is_quick(SHAPES))
@pytest.mark.parametrize("name", list(CASES))
def test_maps_equal_the_models_own_eager_attention(name: str, shape: tuple[int, int]) -> None:
    known = case(name)
    adapter = models.wrap(known.module)
    x = adapter.prepare(photo_of(*shape), size=112)
    own = known.attention(x.pixels)

    record = viz.record_attention(adapter, x, token_mean=True)

    n, (rows, cols) = x.prefix, x.grid
    end = n + rows * cols
    assert own.shape[-1] == end + known.suffix
    assert (rows > cols) == (shape[0] > shape[1])
    assert (cols > rows) == (shape[1] > shape[0])
    mean = own[:, :, n:end, n:end].mean(2).unflatten(-1, (rows, cols))
    np.testing.assert_allclose(record.token_mean, mean, atol=1e-5)
    assert record.token_mean.dtype == np.float32
    if not adapter.has_cls:
        assert record.cls is None
        return
    read = own[:, :, : known.cls].mean(2)
    cls = read[..., n:end].unflatten(-1, (rows, cols))
    others = torch.cat([read[..., :n], read[..., end:]], -1)
    np.testing.assert_allclose(record.cls, cls, atol=1e-5)
    np.testing.assert_allclose(record.cls_prefix, others, atol=1e-5)
    np.testing.assert_allclose(record.cls.sum((2, 3)) + record.cls_prefix.sum(2), 1, atol=1e-5)
    alone = viz.record_attention(adapter, x)
    assert alone.token_mean is None
    np.testing.assert_allclose(alone.cls, cls, atol=1e-5)
    np.testing.assert_allclose(alone.cls_prefix, others, atol=1e-5)


@pytest.mark.parametrize("block_bytes", [1, 40_000, 2**30], ids=["many", "some", "one"])
def test_blocks_of_queries_change_nothing(
    block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "BLOCK_BYTES", block_bytes)
    known = case("timm DINOv2 with registers")
    adapter = models.wrap(known.module)
    x = adapter.prepare(photo_of(90, 150), size=112)
    own = known.attention(x.pixels)[:, :, 5:, 5:].mean(2)
    record = viz.record_attention(adapter, x, token_mean=True)
    np.testing.assert_allclose(record.token_mean.reshape(own.shape), own, atol=1e-5)


@pytest.mark.slow
def test_threads_on_one_model_do_not_mix() -> None:
    known = case("timm DINOv2 with registers")
    adapter = models.wrap(known.module.requires_grad_(False))
    photos = [
        adapter.prepare(photo_of(80 + 10 * i, 120 - 5 * i, i), size=70 + 14 * (i % 3))
        for i in range(8)
    ]
    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda x: viz.record_attention(adapter, x), photos * 3))
    for x, record in zip(photos * 3, records, strict=True):
        own = known.attention(x.pixels)[:, :, 0, 5:].unflatten(-1, x.grid)
        np.testing.assert_allclose(record.cls, own, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_reduced_in_float32(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 40, 8).to(dtype)
    own = ((q.float() * 8**-0.5) @ k.float().mT).softmax(-1)[0]
    with OverTokens(40, 1, mean=True) as seen:
        output = F.scaled_dot_product_attention(q, k, v)
    assert output.dtype == dtype
    torch.testing.assert_close(seen.layers[0].cls, own[:, 0], atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.layers[0].received, own[:, 1:].mean(1), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("dtype", "share"), [(torch.bfloat16, 0.05), (torch.float16, 0.006)])
@pytest.mark.parametrize(
    "name", ["timm DINOv2 with registers", "timm BEiT", "Transformers CLIP", "Transformers BLIP"]
)
def test_a_module_in_half_precision_shows_what_it_shows_in_full(
    name: str, dtype: torch.dtype, share: float
) -> None:
    """Against its own eager attention in float32, as a share of a layer's greatest value."""
    known = case(name)
    known.module.to(dtype)
    adapter = models.wrap(known.module)
    x = adapter.prepare(photo_of(90, 150), size=112)
    own = known.attention(x.pixels)[:, :, 0, x.prefix :].unflatten(-1, x.grid).numpy()
    record = viz.record_attention(adapter, x)
    assert record.cls.dtype == np.float32
    for found, wanted in zip(record.cls, own, strict=True):
        np.testing.assert_allclose(found, wanted, atol=share * wanted.max())


MASKS = {
    "plain": {},
    "scale": {"scale": 0.9},
    "causal": {"is_causal": True},
    "boolean mask": {"attn_mask": (torch.rand(1, 1, 24, 24) > 0.3) | torch.eye(24).bool()},
    "additive mask": {"attn_mask": torch.randn(1, 4, 24, 24)},
    "one row for all queries": {"attn_mask": torch.randn(1, 1, 1, 24)},
    "grouped queries": {"enable_gqa": True},
}


@pytest.mark.parametrize("how", MASKS.values(), ids=list(MASKS))
@pytest.mark.parametrize("block_bytes", [1, 2**23])
def test_every_argument_of_the_call_is_heeded(
    how: dict, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the identity as values, the output of the call is the attention itself."""
    monkeypatch.setattr(scores, "BLOCK_BYTES", block_bytes)
    torch.manual_seed(1)
    groups = 2 if "enable_gqa" in how else 4
    q, k = torch.randn(1, 4, 24, 8), torch.randn(1, groups, 24, 8)
    v = torch.eye(24).expand(1, groups, 24, 24)
    own = F.scaled_dot_product_attention(q, k, v, **how)
    for mean in (False, True):
        with OverTokens(24, 2, mean) as seen:
            output = F.scaled_dot_product_attention(q, k, v, **how)
        torch.testing.assert_close(output, own, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(seen.layers[0].cls, own[0, :, 0], atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.layers[0].received, own[0, :, 2:].mean(1), atol=1e-5, rtol=0)


@pytest.fixture
def looks_at_white() -> nn.Module:
    """A ViT of one head whose CLS token attends to bright patches: score = 40 x brightness."""
    vit = timm.create_model(
        "vit_tiny_patch16_224", depth=1, embed_dim=4, num_heads=1, img_size=64, num_classes=0
    ).eval()
    with torch.no_grad():
        for weight in vit.parameters():
            weight.zero_()
        vit.patch_embed.proj.weight[0] = 1 / (3 * 16 * 16)
        vit.cls_token[..., 1] = 1
        block = vit.blocks[0]
        block.norm1 = nn.Identity()
        block.attn.qkv.weight[0, 1] = 80  # query, from what only CLS has; the scale halves it
        block.attn.qkv.weight[4, 0] = 1  # key, from the brightness
    return vit


@pytest.mark.parametrize(
    ("height", "width", "row", "col"), [(96, 64, 4, 1), (64, 112, 1, 5)], ids=["tall", "wide"]
)
def test_a_planted_patch_is_found_in_the_pixels_of_the_overlay(
    looks_at_white: nn.Module, height: int, width: int, row: int, col: int
) -> None:
    photo = np.zeros((height, width, 3), np.uint8)
    photo[row * 16 : (row + 1) * 16, col * 16 : (col + 1) * 16] = 255
    adapter = models.wrap(looks_at_white, mean=(0, 0, 0), std=(1, 1, 1))
    x = adapter.prepare(photo, size=64)
    assert x.grid == (height // 16, width // 16)
    heat = viz.record_attention(adapter, x).cls[0, 0]
    assert np.unravel_index(heat.argmax(), heat.shape) == (row, col)
    picture = viz.Overlay(colormap="viridis", opacity=1.0)(x.view, heat)
    yellow = (picture == (253, 231, 36)).all(-1)
    planted = np.zeros((height, width), bool)
    planted[row * 16 : (row + 1) * 16, col * 16 : (col + 1) * 16] = True
    np.testing.assert_array_equal(yellow, planted)


class Windows(nn.Module):
    """Attends within windows only, or in a way of its own, but has the tokens of a ViT."""

    def __init__(self, watched: bool) -> None:
        super().__init__()
        self.vit = timm.create_model("vit_tiny_patch16_224", depth=2, embed_dim=12, num_heads=2)
        for block in self.vit.blocks:
            block.attn.forward = self.in_windows if watched else (lambda x, **how: x)

    @staticmethod
    def in_windows(x: torch.Tensor, **how: object) -> torch.Tensor:
        part = x[:, None, :49]
        F.scaled_dot_product_attention(part, part, part)
        return x


@pytest.mark.parametrize(("watched", "reason"), [(True, "from 49 to 49"), (False, "watched")])
def test_a_model_that_shows_nothing_is_named(watched: bool, reason: str) -> None:
    adapter = models.wrap(Windows(watched).vit, title="Window-S")
    x = adapter.prepare(photo_of(64, 64))
    with pytest.raises(CaptureError, match=f"Window-S shows no attention map: .*{reason}"):
        viz.record_attention(adapter, x)


def test_a_layer_that_is_not_seen_is_counted() -> None:
    vit = timm.create_model("vit_tiny_patch16_224", depth=3, embed_dim=12, num_heads=2)
    vit.blocks[1].attn.forward = lambda x, **how: x
    adapter = models.wrap(vit)
    with pytest.raises(CaptureError, match="only 2 of its 3 layers"):
        viz.record_attention(adapter, adapter.prepare(photo_of(64, 64)))


def test_a_convnet_says_that_no_attention_was_seen() -> None:
    adapter = models.wrap(timm.create_model("resnet18", num_classes=0), title="ResNet-18")
    sentence = r"ResNet-18 .* no attention was seen in its forward pass; see its convolutions"
    with pytest.raises(CaptureError, match=sentence):
        viz.record_attention(adapter, adapter.prepare(photo_of(64, 64), size=64))


class Plain(nn.Module):
    """conv1 (with an in-place ReLU behind it), conv2, conv3, a classifier of 3."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(4, 5, 3, stride=2)
        self.conv3 = nn.Conv2d(5, 6, 3)
        self.unused = nn.Conv2d(1, 1, 1)
        self.head = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.conv1(x))
        return self.head(self.conv3(self.relu(self.conv2(x))).mean((2, 3)))


def test_activations_are_the_outputs_of_the_convolutions() -> None:
    torch.manual_seed(0)
    net = Plain()
    adapter = models.wrap(net, size=32, classes=["a", "b", "c"])
    x = adapter.prepare(photo_of(40, 60))
    names = ["conv3", "conv1", "conv2"]
    record = viz.record_activations(adapter, x, names)
    assert list(record.maps) == ["conv1", "conv2", "conv3"]
    with torch.no_grad():
        first = net.conv1(x.pixels)
        second = net.conv2(first.relu())
    np.testing.assert_allclose(record.maps["conv1"], first[0], atol=1e-5)
    assert record.maps["conv1"].min() < 0
    np.testing.assert_allclose(record.maps["conv2"], second[0], atol=1e-5)
    means = record.maps["conv2"].mean((1, 2))
    assert record.top("conv2", 2)[0] == (means.argmax(), pytest.approx(means.max()))
    shares = dict(record.predictions(5))
    assert sum(shares.values()) == pytest.approx(1)
    own = net(x.pixels).softmax(-1)[0].tolist()
    assert shares == pytest.approx(dict(zip("abc", own, strict=True)), abs=1e-6)
    assert hooks_on(net) == 0


def test_channels_of_the_same_mean_come_by_index() -> None:
    maps = {"conv": np.ones((5, 2, 2), np.float32)}
    maps["conv"][3] = 2
    record = viz.Activations(maps, None, None)
    assert record.top("conv", 3) == [(3, 2.0), (0, 1.0), (1, 1.0)]
    with pytest.raises(SettingError, match="'fc' was not recorded"):
        record.top("fc")


def test_no_hook_is_left_when_the_pass_fails() -> None:
    net = Plain()
    adapter = models.wrap(net, size=32)
    x = adapter.prepare(photo_of(32, 32))
    net.head = nn.Linear(7, 3)
    with pytest.raises(CaptureError, match=r"Plain failed on a photo of 32 x 32 px \(.*mat1 and"):
        viz.record_activations(adapter, x, ["conv1", "conv2"])
    assert hooks_on(net) == 0
    with pytest.raises(SettingError, match="no layer 'conv9'"):
        viz.record_activations(adapter, x, ["conv1", "conv9"])
    assert hooks_on(net) == 0


def test_a_convolution_that_never_runs_is_named() -> None:
    net = Plain()
    adapter = models.wrap(net, size=32)
    assert adapter.conv_layers == ("conv1", "conv2", "conv3")
    with pytest.raises(CaptureError, match="did not run unused"):
        viz.record_activations(adapter, adapter.prepare(photo_of(32, 32)), ["conv1", "unused"])
    assert hooks_on(net) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["resnet18", "convnext_atto", "efficientnet_b0", "mobilenetv3_small_050", "vgg11"]
)
def test_all_convolutions_of_real_convnets(name: str) -> None:
    adapter = models.wrap(timm.create_model(name, num_classes=7))
    x = adapter.prepare(photo_of(64, 96), size=64)
    record = viz.record_activations(adapter, x)
    assert set(record.maps) == set(adapter.conv_layers)
    assert set(adapter.default_conv_layers) <= set(record.maps)
    assert len(adapter.default_conv_layers) == 3
    assert all(m.ndim == 3 and m.shape[1] <= m.shape[2] for m in record.maps.values())
    assert record.logits.shape == (7,)
