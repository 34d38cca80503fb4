"""Each method against its formula, written out with whole matrices of an eager model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import timm
import torch
from heedmap import models, viz
from heedmap.errors import CaptureError, OvertakenError, SettingError
from heedmap.viz.why import rows
from torch import nn

from tests.viz.capture.oracles import case, spread
from tests.viz.capture.oracles_torchvision import case as torchvision_case

CLASSES = 5
FAMILIES = {
    "ViT": ("vit_tiny_patch16_224", {"embed_dim": 48, "num_heads": 4}),
    "DINOv2 with registers": (
        "vit_small_patch14_reg4_dinov2",
        {"embed_dim": 48, "num_heads": 4, "img_size": 98},
    ),
    "no CLS": (
        "vit_tiny_patch16_224",
        {"embed_dim": 48, "num_heads": 4, "class_token": False, "global_pool": "avg"},
    ),
    "BEiT, a mean beside CLS": (
        "beit_base_patch16_224",
        {"embed_dim": 48, "num_heads": 4, "img_size": 64},
    ),
}
ATTENTION = ("raw", "rollout", "relevance", "legrad")


class Eager:
    """A timm ViT with three layers, run unfused, its attention and its blocks' outputs kept."""

    def __init__(self, family: str) -> None:
        name, settings = FAMILIES[family]
        torch.manual_seed(0)
        self.module = timm.create_model(name, depth=3, num_classes=CLASSES, **settings).eval()
        spread(self.module)
        how = {"dynamic_img_size": True} if hasattr(self.module, "dynamic_img_size") else {}
        self.own = timm.create_model(name, depth=3, num_classes=CLASSES, **how, **settings).eval()
        self.own.load_state_dict(self.module.state_dict())
        self.attention: list[torch.Tensor] = []
        self.tokens: list[torch.Tensor] = []
        for block in self.own.blocks:
            block.attn.fused_attn = False
            block.attn.attn_drop.register_forward_hook(
                lambda _, inputs, __: self.attention.append(inputs[0])
            )
            block.register_forward_hook(lambda _, __, output: self.tokens.append(output))
        self.adapter = models.wrap(self.module)
        photo = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)
        self.x = self.adapter.prepare(photo, size=84)
        if not how:
            self.own.set_input_size(tuple(self.x.pixels.shape[-2:]))
        self.logits = self.own(self.x.pixels)[0]

    def patches(self, row: torch.Tensor) -> np.ndarray:
        return row[self.x.prefix :].reshape(self.x.grid).detach().numpy()

    def read_at(self, whole: torch.Tensor) -> np.ndarray:
        """The row of CLS of (N, N), or the mean of all patches where the model takes that."""
        averages = self.own.global_pool == "avg"
        return self.patches(whole[self.x.prefix :].mean(0) if averages else whole[0])

    def gradients(self, score: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad(score, self.attention, retain_graph=True)


@pytest.fixture(params=list(FAMILIES))
def eager(request: pytest.FixtureRequest) -> Eager:
    return Eager(request.param)


@pytest.mark.parametrize("layer", [None, 1, (0, 1), (1, 1)])
def test_rollout_is_the_product_of_all_layers(eager: Eager, layer: Any) -> None:
    first, last = layer if isinstance(layer, tuple) else (layer or 0, 2)
    identity = torch.eye(eager.attention[0].shape[-1])
    whole = identity
    for each in eager.attention[first : last + 1]:
        whole = (0.5 * each[0].mean(0) + 0.5 * identity) @ whole
    found = viz.explain(eager.adapter, eager.x, "rollout", layer=layer)
    np.testing.assert_allclose(found.heat, eager.read_at(whole), atol=1e-6)
    torch.testing.assert_close(whole.sum(1), torch.ones(len(whole)))
    assert found.heat.sum() <= 1 + 1e-5
    assert (found.target, found.signed) == ("", False)


@pytest.mark.parametrize("first", [0, 1])
def test_relevance_is_chefers_rule(eager: Eager, first: int) -> None:
    whole = torch.eye(eager.attention[0].shape[-1])
    gradients = eager.gradients(eager.logits[2])
    for layer, gradient in list(zip(eager.attention, gradients, strict=True))[first:]:
        whole = whole + (gradient * layer)[0].clamp_min(0).mean(0) @ whole
    found = viz.explain(eager.adapter, eager.x, "relevance", target=2, layer=first)
    wanted = eager.read_at(whole)
    np.testing.assert_allclose(found.heat, wanted, atol=1e-5 * wanted.max())
    assert found.target == "class 2"


def test_legrad_is_the_mean_of_what_each_layers_score_gains(eager: Eager) -> None:
    maps = []
    for layer, tokens in zip(eager.attention, eager.tokens, strict=True):
        pooled = tokens.mean(1, keepdim=True).expand_as(tokens)
        score = eager.own.forward_head(eager.own.norm(pooled))[0, 2]
        (gradient,) = torch.autograd.grad(score, layer, retain_graph=True)
        maps.append(gradient[0].clamp_min(0).mean(0).mean(0))
    found = viz.explain(eager.adapter, eager.x, "legrad", target=2)
    wanted = eager.patches(torch.stack(maps).mean(0))
    np.testing.assert_allclose(found.heat, wanted, atol=1e-5 * wanted.max())


def test_two_targets_give_the_difference_of_their_maps(eager: Eager) -> None:
    one, other = (viz.explain(eager.adapter, eager.x, "relevance", k).heat for k in (1, 3))
    found = viz.explain(eager.adapter, eager.x, "relevance", (1, 3))
    np.testing.assert_allclose(found.heat, one - other)
    assert found.signed
    assert found.target == "class 1 less class 3"


def test_without_a_target_the_most_probable_class_is_explained(eager: Eager) -> None:
    best = int(eager.logits.argmax())
    found = viz.explain(eager.adapter, eager.x, "relevance")
    np.testing.assert_allclose(
        found.heat, viz.explain(eager.adapter, eager.x, "relevance", best).heat
    )


@pytest.mark.parametrize("method", list(viz.METHODS))
def test_the_module_stays_as_it_was(method: str) -> None:
    module = timm.create_model("resnet18", num_classes=3, channels=[4, 8, 8, 8])
    if method in ATTENTION:
        module = Eager("ViT").module
    module.train()
    next(module.parameters()).requires_grad_(False)
    before = state(module)
    adapter = models.wrap(module)
    photo = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    x = adapter.prepare(photo, size=64)
    viz.explain(adapter, x, method)
    assert state(module) == before
    with pytest.raises(SettingError):
        viz.explain(adapter, x, method, layer=99)
    assert state(module) == before


def test_relevance_is_given_up_on_its_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    vit, layers = Eager("ViT"), []
    layer = rows.Relevance.layer

    def counted(self: rows.Relevance, gradient: torch.Tensor) -> object:
        layers.append(gradient)
        return layer(self, gradient)

    monkeypatch.setattr(rows.Relevance, "layer", counted)
    with pytest.raises(OvertakenError), viz.GivingUp(lambda: len(layers) >= 2):
        viz.explain(vit.adapter, vit.x, "relevance")
    assert len(layers) == 2


@pytest.mark.parametrize("method", ["relevance", "legrad", "gradcam"])
def test_torchvisions_vit_is_asked_as_well(method: str) -> None:
    adapter = models.wrap(torchvision_case().module)
    x = adapter.prepare(np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8))
    heat = viz.explain(adapter, x, method).heat
    assert heat.shape == x.grid
    assert heat.max() > 0


def state(module: nn.Module) -> list[tuple[object, ...]]:
    """Modes, hooks, which weights learn, and their values."""
    parts = [
        (part.training, len(part._forward_hooks), len(part._forward_pre_hooks))
        for part in module.modules()
    ]
    weights = [
        (w.requires_grad, w.grad is None, float(w.detach().double().sum()))
        for w in module.parameters()
    ]
    return [*parts, *weights, *((float(b.detach().double().sum()),) for b in module.buffers())]


def gradcam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return (gradient.mean((1, 2), keepdim=True) * activation).sum(0).clamp_min(0)


def layercam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return (gradient.clamp_min(0) * activation).sum(0).clamp_min(0)


def xgradcam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    whole = activation.sum((1, 2))  # 0 of a channel that nothing passes
    weight = (gradient * activation).sum((1, 2)) / whole.where(whole != 0, 1)
    return (weight[:, None, None] * activation).sum(0).clamp_min(0)


def gradcampp(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Eq. 19 as it is printed, in float64."""
    a, g = activation.double(), gradient.double()
    below = 2 * g**2 + a.sum((1, 2), keepdim=True) * g**3
    alpha = torch.where(g != 0, g**2 / below, 0)
    weight = (alpha * g.clamp_min(0)).sum((1, 2), keepdim=True)
    return (weight * a).sum(0).clamp_min(0).float()


@pytest.mark.parametrize(
    ("name", "layer", "default"),
    [
        ("resnet18", "layer4", True),
        ("resnet18", "layer4.1.conv2", False),
        ("convnext_atto", "stages.3", True),
    ],
)
@pytest.mark.parametrize(
    ("method", "formula"),
    [
        ("gradcam", gradcam),
        ("gradcam++", gradcampp),
        ("layercam", layercam),
        ("xgradcam", xgradcam),
    ],
)
def test_class_activation_maps_are_their_formulas(
    name: str, layer: str, default: bool, method: str, formula: Callable[..., torch.Tensor]
) -> None:
    torch.manual_seed(0)
    module = timm.create_model(name, num_classes=CLASSES).eval()
    adapter = models.wrap(module)
    photo = np.random.default_rng(1).integers(0, 256, (96, 130, 3), dtype=np.uint8)
    x = adapter.prepare(photo, size=96)
    kept: list[torch.Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda _, __, out: kept.append(out))
    score = module(x.pixels)[0, 1]
    handle.remove()
    (gradient,) = torch.autograd.grad(score, kept)
    wanted = formula(kept[0][0].detach(), gradient[0]).numpy()
    found = viz.explain(adapter, x, method, target=1, layer=None if default else layer)
    np.testing.assert_allclose(found.heat, wanted, atol=1e-5 * max(wanted.max(), 1e-6))


def test_grad_cam_reads_the_tokens_of_a_vit(eager: Eager) -> None:
    tokens = eager.tokens[1]
    (gradient,) = torch.autograd.grad(eager.logits[2], tokens, retain_graph=True)
    activation, change = (
        each[0, eager.x.prefix :].T.unflatten(1, eager.x.grid).detach()
        for each in (tokens, gradient)
    )
    found = viz.explain(eager.adapter, eager.x, "gradcam", target=2)
    wanted = gradcam(activation, change).numpy()
    np.testing.assert_allclose(found.heat, wanted, atol=1e-5 * wanted.max())


@pytest.mark.parametrize("name", ["Transformers CLIP", "Transformers DINOv2", "timm SigLIP"])
def test_models_without_classes_explain_the_norm_of_their_features(name: str) -> None:
    adapter = models.wrap(case(name).module)
    x = adapter.prepare(np.random.default_rng(1).integers(0, 256, (80, 120, 3), dtype=np.uint8))
    for method in ATTENTION:
        found = viz.explain(adapter, x, method)
        assert found.heat.shape == x.grid
        assert np.isfinite(found.heat).all()
        assert found.heat.max() > 0
        if method in ("relevance", "legrad"):
            assert found.target == "norm of the features"


def test_what_cannot_be_done_is_told_in_a_sentence() -> None:
    vit = Eager("ViT")
    with pytest.raises(SettingError, match="no method 'wishful'"):
        viz.explain(vit.adapter, vit.x, "wishful")
    with pytest.raises(SettingError, match="class 'zebra'"):
        viz.explain(vit.adapter, vit.x, "relevance", "zebra")
    with pytest.raises(SettingError, match="class 99"):
        viz.explain(vit.adapter, vit.x, "relevance", 99)
    with pytest.raises(SettingError, match="from layer 2 to layer 1: give the first"):
        viz.explain(vit.adapter, vit.x, "rollout", layer=(2, 1))
    with pytest.raises(SettingError, match=r"shape \(5,\)"):
        viz.explain(vit.adapter, vit.x, "relevance", torch.zeros(3))
    with pytest.raises(CaptureError, match="reads convolutions"):
        viz.explain(vit.adapter, vit.x, "scorecam")
    cnn = models.wrap(timm.create_model("resnet18"))
    x = cnn.prepare(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(CaptureError, match="has none"):
        viz.explain(cnn, x, "rollout")
    swin = models.wrap(timm.create_model("swin_tiny_patch4_window7_224", depths=(1, 1, 1, 1)))
    x = swin.prepare(np.zeros((224, 224, 3), np.uint8))
    with pytest.raises(CaptureError, match="within windows"):
        viz.explain(swin, x, "relevance")


def test_a_text_is_explained_by_its_cosine_with_the_photo() -> None:
    adapter = models.load("bundled-clip")
    photo = np.random.default_rng(1).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    x = adapter.prepare(photo, size=64)
    direction = adapter.encode_text(["a dog"])[0]
    for method in ("relevance", "legrad"):
        found = viz.explain(adapter, x, method, "a dog")
        assert found.target == "a dog"
        np.testing.assert_array_equal(found.heat, viz.explain(adapter, x, method, direction).heat)
    both = viz.explain(adapter, x, "relevance", ("a dog", "a cat"))
    assert (both.target, both.signed) == ("a dog less a cat", True)
    with torch.no_grad():
        own = adapter.module.get_image_features(x.pixels, interpolate_pos_encoding=True)
        cosine = torch.cosine_similarity(own.pooler_output[0], direction, dim=0)
    curves = viz.faithfulness(adapter, x, both.heat, "a dog", steps=2)
    assert curves.unit == "cosine"
    np.testing.assert_allclose(curves.heat.deletion[:, 0], float(cosine), atol=1e-5)


class Bilinear(nn.Module):
    """Logits whose integrated gradients are known: a sum of pixels, and that sum squared."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 8, stride=8)
        self.fc = nn.Linear(1, 2)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        whole = pixels.sum((1, 2, 3)) / 1000 + 0 * self.fc(self.conv(pixels).mean((2, 3)))[:, 0]
        return torch.stack([whole, whole**2], 1)


def test_integrated_gradients_share_the_score_out_among_the_patches() -> None:
    adapter = models.wrap(Bilinear(), size=32)
    x = adapter.prepare(np.random.default_rng(1).integers(0, 256, (32, 48, 3), dtype=np.uint8))
    cells = x.pixels[0].sum(0).reshape(4, 8, 6, 8).sum((1, 3)).numpy() / 1000
    first = viz.explain(adapter, x, "ig", target=0)
    np.testing.assert_allclose(first.heat, cells, atol=1e-5)
    # by hand: the gradient of s^2 along the way is 2 a s, its mean s, so each cell has cell * s
    second = viz.explain(adapter, x, "ig", target=1)
    np.testing.assert_allclose(second.heat, cells * cells.sum(), atol=1e-4)
    assert (first.signed, first.target) == (True, "class 0")
    with pytest.raises(SettingError, match="read the photo and no layer, this is 3"):
        viz.explain(adapter, x, "ig", layer=3)


def test_integrated_gradients_are_the_rule_of_gauss_and_legendre() -> None:
    vit = Eager("ViT")
    places, weights = np.polynomial.legendre.leggauss(32)
    wanted = torch.zeros_like(vit.x.pixels[0])
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        photo = (place * vit.x.pixels).float().requires_grad_()
        (gradient,) = torch.autograd.grad(vit.own(photo)[0, 2], photo)
        wanted += weight * gradient[0] * vit.x.pixels[0]
    rows, cols = vit.x.grid
    cells = wanted.sum(0).reshape(rows, 16, cols, 16).sum((1, 3)).numpy()
    found = viz.explain(vit.adapter, vit.x, "ig", target=2)
    np.testing.assert_allclose(found.heat, cells, atol=1e-4 * np.abs(cells).max())
