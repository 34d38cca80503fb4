"""Whether attention points at what a photo is named after, told without masks.

Around the strongest patch a window is cut out and shown to the CNN: does it still see the photo's
label? On validation photos this tells which maps and which ViT to choose.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training import common
from training.augment import normalise, sample_boxes
from training.common import Net
from training.data import Photos

SHARE = 0.45  # of the photo's width and height, that the window has
WINDOW = 96  # px, at which the CNN sees it


def windows(maps: Tensor) -> Tensor:
    """Boxes (b, 4) as in `augment.random_boxes`, around the strongest of (b, rows, cols) cells.

    Where a window would reach over the photo's border, it is moved inside.
    """
    b, rows, cols = maps.shape
    peak = maps.flatten(1).argmax(1)
    y, x = (((place + 0.5) / n * 2 - 1) for place, n in ((peak // cols, rows), (peak % cols, cols)))
    inside = 1 - SHARE
    half = torch.full((b,), SHARE, device=maps.device)
    return torch.stack([half, half, x.clamp(-inside, inside), y.clamp(-inside, inside)], dim=1)


@torch.inference_mode()
def share_named(attend: Net, cnn: Net, photos: Photos, target: Tensor, side: int) -> float:
    """Share of photos whose label (n,) the CNN finds in the window around the attention's peak.

    `attend` takes normalised views (b, 3, side, side) of the whole photos to maps (b, rows, cols).
    """
    hits = 0
    for start in range(0, len(photos), 64):
        some = photos.subset(range(start, min(start + 64, len(photos))))
        pixels, _ = common.photos_on_device(some)
        whole = torch.tensor([1.0, 1, 0, 0], device=pixels.device).expand(len(some), 4)
        maps = attend(normalise(sample_boxes(pixels, whole, (side, side))))
        logits = cnn(normalise(sample_boxes(pixels, windows(maps), (WINDOW, WINDOW))))
        hits += (logits.argmax(1) == target[start : start + 64]).sum().item()
    return hits / len(photos)
