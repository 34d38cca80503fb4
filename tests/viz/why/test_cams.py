"""Class activation maps beside torchcam and pytorch-grad-cam on the plain module."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
import torchcam.methods
from heedmap import models, viz
from torch import nn

CLASS = 1
TORCHCAM = {
    "gradcam": "GradCAM", "layercam": "LayerCAM", "xgradcam": "XGradCAM", "scorecam": "ScoreCAM",
}  # fmt: skip
PYTORCH_GRAD_CAM = {
    "gradcam": "GradCAM", "gradcam++": "GradCAMPlusPlus", "layercam": "LayerCAM",
    "xgradcam": "XGradCAM", "scorecam": "ScoreCAM",
}  # fmt: skip


@pytest.fixture
def module() -> nn.Module:
    torch.manual_seed(0)
    module = timm.create_model("resnet18", num_classes=3, channels=[4, 8, 8, 8]).eval()
    with torch.no_grad():
        module.fc.weight.mul_(100)  # so that what the others add to a divisor is nothing
    return module


def prepared(module: nn.Module) -> tuple[models.Adapter, models.Prepared]:
    adapter = models.wrap(module)
    photo = np.random.default_rng(1).integers(0, 256, (96, 130, 3), dtype=np.uint8)
    return adapter, adapter.prepare(photo, size=96)


@pytest.mark.parametrize("method", list(TORCHCAM))
def test_maps_are_torchcams(module: nn.Module, method: str) -> None:
    adapter, x = prepared(module)
    found = viz.explain(adapter, x, method, target=CLASS).heat
    with getattr(torchcam.methods, TORCHCAM[method])(module, "layer4") as extract:
        scores = module(x.pixels.clone().requires_grad_())
        (wanted,) = extract(CLASS, scores, normalized=False)
    np.testing.assert_allclose(found, wanted[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", list(PYTORCH_GRAD_CAM))
def test_maps_are_pytorch_grad_cams(module: nn.Module, method: str) -> None:
    tools = pytest.importorskip("pytorch_grad_cam", exc_type=ImportError)
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    adapter, x = prepared(module)
    found = viz.explain(adapter, x, method, target=CLASS).heat
    targets, layer = [ClassifierOutputTarget(CLASS)], module.layer4
    with getattr(tools, PYTORCH_GRAD_CAM[method])(module, [layer]) as tool:
        tool(x.pixels, targets)
        held = tool.activations_and_grads
        activation = held.activations[0].detach().numpy()
        gradient = held.gradients[0].numpy() if held.gradients else None
        wanted = tool.get_cam_image(x.pixels, layer, targets, activation, gradient, False)
    wanted = np.maximum(wanted[0], 0)
    if method == "scorecam":  # it masks by maps that are enlarged in another way
        assert viz.rank_correlation(found, wanted) > 0.9
    else:
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4 * wanted.max())
