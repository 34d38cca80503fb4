"""Grad-CAM++ as its paper has it, on torchcam's hooks.

torchcam 0.5 leaves the division of eq. 19 undone (it divides a copy), so that its weights are the
sum of the cubed gradients.
"""

from __future__ import annotations

from typing import Any

import torch
from torchcam.methods import GradCAM


class GradCAMpp(GradCAM):  # type: ignore[misc]
    """Chattopadhay et al. 2018, arXiv 1710.11063, eq. 10 and 19."""

    def _get_weights(self, class_idx: Any, scores: Any, **kwargs: Any) -> list[torch.Tensor]:
        self._backprop(scores, class_idx, **kwargs)
        return [weights(*each) for each in zip(self.hook_a, self.hook_g, strict=True)]


def weights(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """What each channel weighs, (1, channels), from its map and gradients (1, channels, ...).

    Eq. 19 is alpha = g^2 / (2 g^2 + sum(A) g^3), so 1 / (2 + sum(A) g) wherever g is not 0; where
    it is 0, alpha counts nothing, being multiplied by it in eq. 10.
    """
    activation, gradient = activation.flatten(2), gradient.flatten(2).clamp_min(0)
    below = 2 + activation.sum(2, keepdim=True) * gradient
    return (gradient / below.where(below != 0, 1)).sum(2)
