"""torchvision's ViT: its own logits, on photos of any shape."""

from __future__ import annotations

import numpy as np
import torch
import torchvision
from heedmap import models

from tests.viz.capture.oracles_torchvision import case


def test_its_own_logits_at_its_own_size() -> None:
    module = case().module
    pixels = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        own = module(pixels)
    torch.testing.assert_close(models.wrap(module).forward(pixels), own, atol=1e-5, rtol=1e-5)


def test_a_photo_of_another_shape_leaves_the_module_as_it_was() -> None:
    module = case().module
    before = {name: value.clone() for name, value in module.state_dict().items()}
    adapter = models.wrap(module)
    x = adapter.prepare(np.zeros((60, 130, 3), np.uint8), size=96)
    assert x.grid == (12, 26)
    assert adapter.forward(x.pixels).shape == (1, 5)
    assert module.image_size == 64
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])


def test_photos_are_prepared_as_for_torchvisions_weights() -> None:
    weights = torchvision.models.ViT_B_16_Weights
    for size, own in ((224, weights.IMAGENET1K_V1), (384, weights.IMAGENET1K_SWAG_E2E_V1)):
        with torch.device("meta"):
            module = torchvision.models.vit_b_16(image_size=size)
        found, how = models.wrap(module).preprocessing, own.transforms()
        assert found.size == how.crop_size[0] == size
        assert found.mean == tuple(how.mean)
        assert found.std == tuple(how.std)
        assert found.interpolation == how.interpolation.value
        assert found.crop_pct == how.crop_size[0] / how.resize_size[0]
