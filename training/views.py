"""What each step shows the ViT, and what the CNN sees in it, patch by patch.

A CNN that pools evenly is best copied by attending evenly, so whole photos alone teach a ViT to
look nowhere. In clutter that fails: a crop is pasted into another photo whose blocks are shuffled,
and only the crop counts. Where to look is taught by nothing but that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training import common
from training.augment import jitter, normalise, random_boxes, sample_boxes
from training.common import Phase
from training.recipe import ANEW, CLUTTER, MOSAIC, PATCH, Recipe
from training.teacher import Teacher

AREA = (0.35, 1.0)  # a crop's share of the photo
PASTED_AREA = (0.5, 1.0)  # of a crop that is pasted
PASTED = (1 / 3, 3 / 4)  # its side, as a share of the view's
BLOCKS = (8, 16)  # px of the shuffled blocks


@dataclass(frozen=True)
class Batch:
    """A step's views, and what is to be learned from the c crops in them.

    A view holds one crop (c = b), or a mosaic of four (c = 4 b, one view's after the other's).
    """

    index: np.ndarray  # (c,) which photo
    views: Tensor  # (b, 3, side, side) normalised
    features: Tensor  # (b, channels, rows, cols): what the CNN sees at each patch
    taught: Tensor  # (b, rows, cols): 1 where a patch shows a crop, 0 in clutter
    shares: Tensor  # (b, classes): the CNN's probabilities, the mean over the crops of a view
    target: Tensor  # (c,) labels
    anew: bool = False  # whether CLS starts anew before the last two layers

    @property
    def tiles(self) -> int:
        """Crops in a view."""
        return len(self.index) // len(self.views)


@dataclass(frozen=True)
class Batches:
    """Draws the batch of each step."""

    pixels: Tensor  # (n, 3, S, S) uint8
    aspect: Tensor  # (n,)
    target: Tensor  # (n,)
    weight: np.ndarray  # (n,) how often to draw each
    teacher: Teacher
    recipe: Recipe
    seed: int

    def __call__(self, step: int, phase: Phase) -> Batch:
        """The same for the same step."""
        torch.manual_seed(self.seed * 1_000_003 + step)
        view = self.recipe.view(step)
        if view in (CLUTTER, ANEW):
            return self._clutter(step, phase, anew=view == ANEW)
        return self._crops(step, phase, 4 if view == MOSAIC else 1)

    def _crops(self, step: int, phase: Phase, tiles: int) -> Batch:
        """Whole photos, or mosaics of 2 x 2."""
        side = phase.side // math.isqrt(tiles)
        index, boxes, crops = self._draw(step, phase.batch * tiles, AREA, side)
        features = self.teacher(index, boxes, (side // PATCH, side // PATCH))
        shares = self.teacher.logits(features).softmax(1).view(phase.batch, tiles, -1).mean(1)
        seen = mosaic(features, tiles)
        taught = torch.ones_like(seen[:, 0])
        return Batch(index, mosaic(crops, tiles), seen, taught, shares, self._labels(index))

    def _clutter(self, step: int, phase: Phase, anew: bool) -> Batch:
        """Crops pasted into shuffled photos."""
        rng = np.random.default_rng((self.seed, step, 1))
        cells = phase.side // PATCH
        least, most = (max(1, round(cells * share)) for share in PASTED)
        across = int(rng.integers(least, most + 1))  # patches along a side of the crop
        index, boxes, crops = self._draw(step, phase.batch, PASTED_AREA, across * PATCH)
        *_, others = self._draw(step, phase.batch, AREA, phase.side, salt=1)
        features = self.teacher(index, boxes, (across, across))
        shares = self.teacher.logits(features).softmax(1)
        place = rng.integers(0, cells - across + 1, (phase.batch, 2))
        views = shuffled(others, _block(rng, phase.side))
        seen = features.new_zeros(phase.batch, features.shape[1], cells, cells)
        taught = seen.new_zeros(phase.batch, 1, cells, cells)
        paste(views, crops, place * PATCH)
        paste(seen, features, place)
        paste(taught, torch.ones_like(features[:, :1]), place)
        return Batch(index, views, seen, taught[:, 0], shares, self._labels(index), anew)

    def _draw(
        self, step: int, count: int, area: tuple[float, float], side: int, salt: int = 0
    ) -> tuple[np.ndarray, Tensor, Tensor]:
        """Which photos, the box of each, and its crop (count, 3, side, side) normalised."""
        index = common.draw(self.weight, count, step, self.seed + 1_000_003 * salt)
        place = torch.from_numpy(index).to(self.pixels.device)
        boxes = random_boxes(self.aspect[place], area)
        crops = sample_boxes(self.pixels[place], boxes, (side, side))
        return index, boxes, normalise(jitter(crops, 0.3, 0.1))

    def _labels(self, index: np.ndarray) -> Tensor:
        return self.target[torch.from_numpy(index).to(self.target.device)]


def mosaic(tiles: Tensor, each: int) -> Tensor:
    """Join every `each` tiles, as many across as down: (b * each, ..., h, w) -> (b, ..., H, W)."""
    side = math.isqrt(each)
    apart = tiles.view(-1, side, side, *tiles.shape[1:])
    rows = torch.cat(apart.unbind(2), dim=-1)
    return torch.cat(rows.unbind(1), dim=-2)


def shuffled(views: Tensor, block: int) -> Tensor:
    """Views (b, 3, side, side) whose blocks of `block` px change places, each view its own way."""
    b, channels, side, _ = views.shape
    n = side // block
    apart = views.view(b, channels, n, block, n, block).permute(0, 2, 4, 1, 3, 5)
    blocks = apart.reshape(b, n * n, channels, block, block)
    order = torch.rand(b, n * n, device=views.device).argsort(1)
    blocks = torch.stack([own[places] for own, places in zip(blocks, order, strict=True)])
    apart = blocks.view(b, n, n, channels, block, block).permute(0, 3, 1, 4, 2, 5)
    return apart.reshape(views.shape).clone()


def paste(onto: Tensor, tiles: Tensor, place: np.ndarray) -> None:
    """Write tiles (b, c, h, w) into (b, c, H, W), the corner of each at its (row, column)."""
    height, width = tiles.shape[-2:]
    for into, tile, (row, column) in zip(onto, tiles, place.tolist(), strict=True):
        into[:, row : row + height, column : column + width] = tile


def _block(rng: np.random.Generator, side: int) -> int:
    """The side of the blocks, px: one that divides the view's."""
    fitting = [block for block in BLOCKS if side % block == 0]
    return int(rng.choice(fitting))
