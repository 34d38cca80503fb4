"""What a run of the ViT goes through: phases, kinds of views, how often each source is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.common import Phase

PATCH = 8

WEIGHTS = {"label": 0.5, "logits": 1.0, "patches": 1.0}

# What a step shows; see `training.views`. "anew" is clutter at which CLS starts anew before the
# last two layers, so that these have to gather all that CLS says.
WHOLE, MOSAIC, CLUTTER, ANEW = "whole", "mosaic", "clutter", "anew"


@dataclass(frozen=True)
class Recipe:
    """What a run goes through."""

    phases: tuple[Phase, ...]
    views: tuple[str, ...]  # of the steps, in turn
    rate: float = 1.0  # factor on the learning rates
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)  # of the losses
    shares: Mapping[str, float] = field(default_factory=dict)  # of the draws, for some sources

    def view(self, step: int) -> str:
        """The kind of view of a step."""
        return self.views[step % len(self.views)]
