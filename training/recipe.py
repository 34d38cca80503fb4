"""What a run of the ViT goes through: phases, what its heads learn from, how its views are cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.common import Phase

PATCH = 8

WEIGHTS = {"label": 0.5, "logits": 1.0, "patches": 1.0, "attention": 1.0}

# (maps of the teacher to add up, sharpness) for each head of the last layer. The sharpness is the
# factor on the standardised map before the softmax: 0.7 spreads 60 % of the mass over about a
# third of the patches, 1.2 over about a sixth.
Heads = tuple[tuple[tuple[str, ...], float], ...]
EVIDENCE_AND_ENERGY: Heads = (
    (("evidence",), 0.7),
    (("evidence",), 1.2),
    (("energy",), 0.7),
    (("energy",), 1.2),
    (("evidence", "energy"), 0.4),
    (("evidence", "energy"), 1.8),
)
MOSTLY_EVIDENCE: Heads = (
    (("evidence",), 0.7),
    (("evidence",), 1.2),
    (("evidence", "energy"), 0.7),
    (("evidence", "energy"), 1.2),
    (("evidence",), 0.4),
    (("evidence",), 1.8),
)


@dataclass(frozen=True)
class Recipe:
    """What a run goes through."""

    phases: tuple[Phase, ...]
    heads: Heads
    rate: float = 1.0  # factor on the learning rates
    weights: Mapping[str, float] = field(default_factory=lambda: WEIGHTS)  # of the losses
    shares: Mapping[str, float] = field(default_factory=dict)  # of the draws, for some sources
    mosaics: int = 0  # every so many steps the views are mosaics of 2 x 2 crops; 0: never
    proportions: tuple[float, ...] = (1,)  # width / height of the views, step by step in turn

    def tiles(self, step: int) -> int:
        """Crops in a view."""
        return 4 if self.mosaics and step % self.mosaics == 0 else 1

    def shape(self, step: int, side: int) -> tuple[int, int]:
        """Height and width of the views, the short side `side`, in whole patches of a mosaic."""
        proportion = self.proportions[step % len(self.proportions)]
        long = 2 * PATCH * round(side * max(proportion, 1 / proportion) / (2 * PATCH))
        return (side, long) if proportion > 1 else (long, side)
