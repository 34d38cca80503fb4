"""Integrated gradients of the pixels, by captum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from heedmap.errors import CaptureError, SettingError, short
from heedmap.viz.why.faithful import BATCH_PIXELS
from heedmap.viz.why.target import Asked, Layer, Target, target_of

if TYPE_CHECKING:
    from heedmap.models import Prepared
    from heedmap.models.adapter.twin import Twin

STEPS = 32  # photos between the mean colour and the photo


def integrated(adapter: Twin, x: Prepared, asked: Asked, layer: Layer) -> tuple[np.ndarray, Target]:
    """What each patch adds to the score, (rows, cols) float32, signed, and the target.

    Sundararajan, Taly & Yan 2017, arXiv 1703.01365, eq. 1 and 3: gradients along the straight way
    from a photo of the mean colour that the model was trained with (pixels of 0) to this one, by
    the Gauss-Legendre rule, times the difference of the two. Pixels and colours of a patch are
    added up, so all patches together are the score less that of the empty photo.

    Args:
        adapter: a twin.
        x: the photo that it prepared.
        asked: see `target_of`.
        layer: None, since it reads the photo itself.

    Raises:
        SettingError: a layer.
        CaptureError: a model without an output to explain.
    """
    from captum.attr import IntegratedGradients

    if layer is not None:
        raise SettingError(
            "Integrated gradients read the photo and no layer, this is {layer}: leave it out.",
            layer=short(layer),
        )
    target = target_of(adapter, asked, adapter.run(x.pixels, x.fit))

    def score(pixels: torch.Tensor) -> torch.Tensor:
        output = adapter.run(pixels, x.fit)
        if output is None:
            raise CaptureError("{title} returns no score to explain.", title=adapter.title)
        return target.score(output)

    area = x.pixels.shape[-2] * x.pixels.shape[-1]
    found = IntegratedGradients(score).attribute(
        x.pixels, n_steps=STEPS, internal_batch_size=max(1, BATCH_PIXELS // area)
    )
    return _by_patch(found[0].detach().sum(0), x.grid), target


def _by_patch(pixels: torch.Tensor, grid: tuple[int, int]) -> np.ndarray:
    """The sum over each cell of (H, W): (rows, cols) float32."""
    cells = torch.nn.functional.adaptive_avg_pool2d(pixels[None].float(), grid)[0]
    return (cells * (pixels.numel() / cells.numel())).cpu().numpy()
