"""How far the student is from what it is taught. Nothing is taught of where it looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training import common
from training.recipe import Recipe
from training.teacher import Teacher
from training.views import Batch

UNKNOWN = -100  # no label: cross_entropy skips it


@dataclass(frozen=True)
class Output:
    """What the student says of a batch."""

    cls: Tensor  # (b, dim) after the last norm
    logits: Tensor  # (b, classes)
    patches: Tensor  # (b, rows * cols, channels of the teacher)


@dataclass(frozen=True)
class Loss:
    """Three parts, in float32, with the teacher's channels standardised."""

    recipe: Recipe
    mean: Tensor  # (channels,)
    deviation: Tensor  # (channels,)

    def __call__(self, out: Output, batch: Batch) -> Tensor:
        """The weighted sum, a scalar."""
        logits = out.logits.float()
        parts = {
            "label": label_loss(logits, batch),
            "logits": F.kl_div(logits.log_softmax(1), batch.shares, reduction="batchmean"),
            "patches": self._patches(out.patches.float(), batch),
        }
        return torch.stack([self.recipe.weights[name] * part for name, part in parts.items()]).sum()

    def _patches(self, patches: Tensor, batch: Batch) -> Tensor:
        """Over the patches that show a crop."""
        wanted = (batch.features.flatten(2).mT - self.mean) / self.deviation
        apart = F.smooth_l1_loss(patches, wanted, reduction="none").mean(2)  # (b, rows * cols)
        taught = batch.taught.flatten(1)
        return (apart * taught).sum() / taught.sum()


def label_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Cross entropy with the label of each crop that has one."""
    known = max(1, int((batch.target != UNKNOWN).sum()))
    of_crops = logits.repeat_interleave(batch.tiles, 0)
    return F.cross_entropy(of_crops, batch.target, label_smoothing=0.1, reduction="sum") / known


def make_loss(guide: Teacher, recipe: Recipe) -> Loss:
    """Standardise by the teacher's features of the first photos."""
    some = torch.from_numpy(np.array(guide.features[:1024])).to(common.device()).float()
    mean, deviation = some.mean((0, 2, 3)), some.std((0, 2, 3))
    return Loss(recipe, mean, deviation.clamp_min(1e-3))
