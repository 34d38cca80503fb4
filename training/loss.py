"""What the teacher says of a batch, and how far the student is from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training import common
from training.recipe import Recipe
from training.teacher import Teacher

UNKNOWN = -100  # no label: cross_entropy skips it


@dataclass(frozen=True)
class Output:
    """What the student says of a batch."""

    cls: Tensor  # (b, dim) after the last norm
    logits: Tensor  # (b, classes)
    patches: Tensor  # (b, rows * cols, channels of the teacher)
    attention: Tensor  # (b, heads, rows * cols): log of the last layer's CLS attention


@dataclass(frozen=True)
class Batch:
    """A step's views, and what is to be learned from each of the c crops in them.

    A view is one crop (c = b), or a mosaic of four (c = 4 b, one view's after the other's).
    """

    index: np.ndarray  # (c,) which photo
    views: Tensor  # (b, 3, height, width) normalised
    features: Tensor  # (c, channels, rows, cols) of the teacher
    target: Tensor  # (c,) labels

    @property
    def tiles(self) -> int:
        """Crops in a view."""
        return len(self.index) // len(self.views)


@dataclass(frozen=True)
class Loss:
    """The four parts, in float32, with the teacher's channels standardised."""

    teacher: Teacher
    recipe: Recipe
    mean: Tensor  # (channels,)
    deviation: Tensor  # (channels,)

    def __call__(self, out: Output, batch: Batch) -> Tensor:
        """The weighted sum, a scalar."""
        parts = {
            "label": self._label(out.logits.float(), batch),
            "logits": self._logits(out.logits.float(), batch),
            "patches": self._patches(out.patches.float(), batch),
            "attention": self._attention(out.attention, batch),
        }
        return torch.stack([self.recipe.weights[name] * part for name, part in parts.items()]).sum()

    def _label(self, logits: Tensor, batch: Batch) -> Tensor:
        known = max(1, int((batch.target != UNKNOWN).sum()))
        of_crops = logits.repeat_interleave(batch.tiles, 0)
        total = F.cross_entropy(of_crops, batch.target, label_smoothing=0.1, reduction="sum")
        return total / known

    def _logits(self, logits: Tensor, batch: Batch) -> Tensor:
        theirs = self.teacher.logits(batch.features).softmax(1)
        wanted = theirs.view(len(logits), batch.tiles, -1).mean(1)
        return F.kl_div(logits.log_softmax(1), wanted, reduction="batchmean")

    def _patches(self, patches: Tensor, batch: Batch) -> Tensor:
        wanted = mosaic(batch.features, batch.tiles).flatten(2).mT
        return F.smooth_l1_loss(patches, (wanted - self.mean) / self.deviation)

    def _attention(self, attention: Tensor, batch: Batch) -> Tensor:
        maps = {
            name: standardise(mosaic(look(batch.features), batch.tiles).flatten(1))
            for name, look in self.teacher.maps.items()
        }
        heads = [
            (standardise(torch.stack([maps[name] for name in names]).sum(0)) * sharp).softmax(1)
            for names, sharp in self.recipe.heads
        ]
        wanted = torch.stack(heads, dim=1)  # (b, heads, rows * cols)
        return F.kl_div(attention, wanted, reduction="none").sum(2).mean()


def mosaic(tiles: Tensor, each: int) -> Tensor:
    """Join every `each` tiles, as many across as down: (b * each, ..., h, w) -> (b, ..., H, W)."""
    side = math.isqrt(each)
    apart = tiles.view(-1, side, side, *tiles.shape[1:])
    rows = torch.cat(apart.unbind(2), dim=-1)
    return torch.cat(rows.unbind(1), dim=-2)


def standardise(maps: Tensor) -> Tensor:
    """Each map (b, n) to zero mean and unit deviation."""
    centred = maps - maps.mean(1, keepdim=True)
    return centred / centred.square().mean(1, keepdim=True).sqrt().clamp_min(1e-6)


def make_loss(guide: Teacher, recipe: Recipe) -> Loss:
    """Standardise by the teacher's features of the first photos."""
    some = torch.from_numpy(np.array(guide.features[:1024])).to(common.device()).float()
    mean, deviation = some.mean((0, 2, 3)), some.std((0, 2, 3))
    return Loss(guide, recipe, mean, deviation.clamp_min(1e-3))
