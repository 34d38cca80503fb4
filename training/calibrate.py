"""Tell how far the probabilities of `bundled-cnn` can be believed: `python -m training.calibrate`.

It gives one of its names to every photo, also to photos of nothing that it knows. A temperature is
fitted on validation photos, so that its probabilities are as often right as they say. A threshold
on the greatest probability parts validation photos that it names rightly from captioned photos that
no training sees, most of which show people. Both go into the model's card.
"""

from __future__ import annotations

import json
from pathlib import Path

import timm
import torch
import torch.nn.functional as F
from torch import Tensor

from training import cnn, common
from training.augment import centre_view
from training.common import Net
from training.data import Photos, held_out_captioned, validation_photos


def fit_temperature(logits: Tensor, target: Tensor) -> float:
    """The temperature with the least cross entropy of (n, classes) with labels (n,)."""
    grid = torch.linspace(0.3, 3, 271)
    losses = torch.stack([F.cross_entropy(logits / t, target) for t in grid])
    return round(grid[losses.argmin()].item(), 2)


def fit_threshold(right: Tensor, strange: Tensor) -> float:
    """Where the shares of `right` kept and of `strange` refused are greatest together.

    Args:
        right: (n,) greatest probabilities of photos that are named rightly.
        strange: (m,) those of photos that show none of the classes.
    """
    grid = torch.linspace(0, 1, 101)
    kept = (right[:, None] >= grid).float().mean(0)
    refused = (strange[:, None] < grid).float().mean(0)
    return round(grid[(kept + refused).argmax()].item(), 2)


@torch.inference_mode()
def logits_of(model: Net, photos: Photos) -> Tensor:
    """(n, classes) float32 of evaluation views."""
    parts = []
    for start in range(0, len(photos), 128):
        some = photos.subset(range(start, min(start + 128, len(photos))))
        parts.append(model(centre_view(*common.photos_on_device(some), cnn.SIDE)).float().cpu())
    return torch.cat(parts)


def main() -> None:
    options = common.arguments(__doc__, "bundled-cnn").parse_args()
    model = timm.create_model(f"local-dir:{options.out}", pretrained=True).eval()
    labels = json.loads((options.out / "config.json").read_text())["label_names"]
    known = cnn.labelled(validation_photos(options.data, options.cache), labels)
    target = cnn.targets(known, labels).cpu()
    logits = logits_of(model.to(common.device()), known)
    temperature = fit_temperature(logits, target)
    best = (logits / temperature).softmax(1).max(1)
    right = best.values[best.indices == target]
    captioned = logits_of(model, held_out_captioned(options.data, options.cache))
    strange = (captioned / temperature).softmax(1).amax(1)
    threshold = fit_threshold(right, strange)
    write(options.out / "card.json", temperature, threshold)
    kept, refused = ((right >= threshold).float().mean(), (strange < threshold).float().mean())
    print(f"temperature {temperature}, threshold {threshold}: keeps {kept:.1%} of right names, "
          f"refuses {refused:.1%} of captioned photos", flush=True)  # fmt: skip


def write(path: Path, temperature: float, threshold: float) -> None:
    """Put both into the card, leaving what else it says."""
    card = json.loads(path.read_text()) if path.exists() else {"id": path.parent.name}
    card["calibration"] = {"temperature": temperature, "threshold": threshold}
    path.write_text(json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    main()
