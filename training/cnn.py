"""Train `bundled-cnn`, a narrow ResNet-18 with a deep stem: `python -m training.cnn`.

Low resolution first: most of what a small network learns from these photos it learns at 64 px,
at a quarter of the cost. Weights are averaged, labels smoothed, each source has its share of the
draws.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor

from training import common
from training.augment import Crops, centre_view
from training.common import Ema, Net, Phase, Run, Schedule
from training.data import Photos, label_of, training_photos, validation_photos

ARCHITECTURE = "resnet18"
MODEL_ARGS = {
    "channels": [48, 96, 192, 320],
    "stem_width": 16,
    "stem_type": "deep",
    "avg_down": True,
}
PHASES = (Phase(13, 64), Phase(11, 96), Phase(5, 128))
SHARES = {"imagenette": 0.38, "cats-dogs": 0.26, "caltech101": 0.30, "pacs": 0.06}  # of the draws
LABELLED = ("imagenette", "caltech101", "cats-dogs", "pacs")
SIDE = 128
RATE, WEIGHT_DECAY, SMOOTHING = 0.12, 5e-4, 0.1


def label_set(photos: Photos) -> list[str]:
    """All labels of the labelled sources, sorted; equal names of two sources are one label."""
    return sorted({r["label"] for r in photos.records if r["source"] in LABELLED})


def labelled(photos: Photos, labels: list[str]) -> Photos:
    """The photos whose label is in the set, whatever their source."""
    known = set(labels)
    return photos.subset([i for i, r in enumerate(photos.records) if label_of(r) in known])


def targets(photos: Photos, labels: list[str]) -> Tensor:
    """(n,) int64 index of each photo's label."""
    place = {label: i for i, label in enumerate(labels)}
    return torch.tensor([place[r["label"]] for r in photos.records], device=common.device())


def build(classes: int) -> Net:
    """The untrained network on the training device."""
    model = timm.create_model(ARCHITECTURE, num_classes=classes, zero_init_last=False, **MODEL_ARGS)
    return model.to(common.device(), memory_format=torch.channels_last)


def optimiser(model: Net) -> torch.optim.Optimizer:
    """SGD with momentum; no weight decay on norms and biases."""
    decayed = [p for p in model.parameters() if p.ndim > 1]
    free = [p for p in model.parameters() if p.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": decayed}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=RATE, momentum=0.9, nesterov=True, weight_decay=WEIGHT_DECAY)


def train(photos: Photos, labels: list[str], run: Run, model: Net, ema: Ema, seed: int) -> None:
    """One pass over the schedule."""
    sgd = run.state["optimiser"]
    pixels, aspect = common.photos_on_device(photos)
    target = targets(photos, labels)
    weight = common.label_weights(target.tolist(), power=0.75)
    weight = common.source_weights(photos, weight, SHARES)
    for step, phase in run:
        torch.manual_seed(seed * 1_000_003 + step)
        index = torch.from_numpy(common.draw(weight, phase.batch, step, seed))
        index = index.to(pixels.device)
        views = Crops(phase.side)(pixels[index], aspect[index])
        with common.autocast():
            logits = model(views.to(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits.float(), target[index], label_smoothing=SMOOTHING)
        for group in sgd.param_groups:
            group["lr"] = RATE * run.schedule.rate(step)
        sgd.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        sgd.step()
        ema.update()
        run.report(loss.item())


@torch.inference_mode()
def accuracy(model: Net, photos: Photos, labels: list[str], side: int = SIDE) -> float:
    """Top-1 over the whole label set on evaluation views."""
    model.eval()
    target = targets(photos, labels)
    hits = 0
    for start in range(0, len(photos), 256):
        some = photos.subset(range(start, min(start + 256, len(photos))))
        views = centre_view(*common.photos_on_device(some), side)
        with common.autocast():
            logits = model(views.to(memory_format=torch.channels_last))
        hits += (logits.argmax(1) == target[start : start + 256]).sum().item()
    return hits / len(photos)


def export(model: Net, labels: list[str], out: Path) -> None:
    """Write the timm folder."""
    config = common.timm_config(
        ARCHITECTURE,
        MODEL_ARGS,
        labels,
        SIDE,
        first_conv="conv1.0",
        classifier="fc",
        interpolation="bilinear",  # as in training; on cats and dogs it matters
    )
    common.export_timm(model, out, config)


def main() -> None:
    options = common.arguments(__doc__, "bundled-cnn").parse_args()
    torch.manual_seed(options.seed)
    photos = training_photos(options.data, options.cache)
    labels = label_set(photos)
    photos = labelled(photos, labels)
    model = build(len(labels))
    ema = Ema(model)
    phases = tuple(Phase(p.epochs * options.epochs, p.side, p.batch) for p in PHASES)
    state = {"model": model, "average": ema.average, "optimiser": optimiser(model)}
    run = Run(Schedule(phases, len(photos)), state, options.checkpoint)
    ema.steps = run.start
    print(f"{len(photos)} photos, {len(labels)} labels, {run.schedule.total} steps", flush=True)
    train(photos, labels, run, model, ema, options.seed)
    export(ema.average, labels, options.out)
    held_out = validation_photos(options.data, options.cache)
    for source in ("imagenette", "caltech101", "cats-dogs"):
        share = accuracy(ema.average, held_out.of_source(source), labels)
        print(f"{source} val top-1 {share:.3f}", flush=True)


if __name__ == "__main__":
    main()
