"""What the three trainings share: schedule, averaged weights, batches, checkpoints, export."""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from training.augment import MEAN, STD
from training.data import DEFAULT_CACHE, DEFAULT_DATA, Photos

BUNDLED = Path("models/bundled")


@dataclass(frozen=True)
class Phase:
    """Some epochs at one resolution."""

    epochs: float
    side: int
    batch: int = 128


Options = argparse.Namespace
Net = Any  # a module of timm or Transformers, whose attributes have no types


def arguments(description: str | None, out: str) -> argparse.ArgumentParser:
    """The options that every training has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of photo shards")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="decoded photos go here")
    parser.add_argument("--out", type=Path, default=BUNDLED / out, help="where the model lands")
    parser.add_argument("--checkpoint", type=Path, default=DEFAULT_CACHE / f"{out}.pt")
    parser.add_argument("--epochs", type=float, default=1.0, help="factor on the recipe's epochs")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast() -> torch.autocast:
    """bf16 matrix products; weights and losses stay float32."""
    return torch.autocast(device().type, torch.bfloat16)


def photos_on_device(photos: Photos) -> tuple[Tensor, Tensor]:
    """Pixels (n, 3, S, S) uint8 and aspect (n,) on the training device."""
    return torch.from_numpy(photos.pixels).to(device()), torch.from_numpy(photos.aspect).to(
        device()
    )


@dataclass
class Ema:
    """An exponential moving average of a model's weights and buffers."""

    model: nn.Module
    decay: float = 0.998
    steps: int = 0
    average: Net = field(init=False)

    def __post_init__(self) -> None:
        self.average = copy.deepcopy(self.model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self) -> None:
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 10))  # forget the random start soon
        theirs = self.model.state_dict()
        for name, mine in self.average.state_dict().items():
            if mine.is_floating_point():
                mine.lerp_(theirs[name].to(mine.dtype), 1 - decay)
            else:
                mine.copy_(theirs[name])


@dataclass(frozen=True)
class Schedule:
    """The batches of all phases, and the learning rate that warms up and then falls to zero."""

    phases: tuple[Phase, ...]
    photos: int
    warmup: float = 0.05

    @property
    def total(self) -> int:
        return sum(self._steps(phase) for phase in self.phases)

    def phase(self, step: int) -> Phase:
        for phase in self.phases:
            if step < self._steps(phase):
                return phase
            step -= self._steps(phase)
        return self.phases[-1]

    def rate(self, step: int) -> float:
        """Factor on the learning rate: linear warm-up, then a half cosine."""
        done = (step + 1) / self.total
        if done < self.warmup:
            return done / self.warmup
        return 0.5 + 0.5 * math.cos(math.pi * (done - self.warmup) / (1 - self.warmup))

    def _steps(self, phase: Phase) -> int:
        return max(1, round(phase.epochs * self.photos / phase.batch))


def label_weights(labels: Sequence[Any], power: float = 0.6) -> np.ndarray:
    """How often to draw each photo, (n,) summing to one: a label of m photos gets m ** power."""
    _, member, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    weight = sizes[member].astype(np.float64) ** (power - 1)
    return np.asarray(weight / weight.sum())


def source_weights(photos: Photos, weight: np.ndarray, shares: Mapping[str, float]) -> np.ndarray:
    """The same weights (n,), scaled so that each source gets its share of the draws.

    Sources that are not named share what is left as before.
    """
    source = np.array([record["source"] for record in photos.records])
    rest = ~np.isin(source, list(shares))
    scaled = weight * rest * (1 - sum(shares.values())) / max(weight[rest].sum(), 1e-12)
    for name, share in shares.items():
        scaled[source == name] = weight[source == name] * share / weight[source == name].sum()
    return np.asarray(scaled / scaled.sum())


def draw(weight: np.ndarray, count: int, step: int, seed: int) -> np.ndarray:
    """The `count` photos of a step."""
    rng = np.random.default_rng((seed, step))
    return rng.choice(len(weight), count, p=weight)


@dataclass
class Run:
    """Steps with progress line and checkpoint; iterate over it to train."""

    schedule: Schedule
    state: dict[str, Any]  # name -> anything with state_dict and load_state_dict
    checkpoint: Path
    minutes_between: float = 4.0
    loss: float = math.nan
    start: int = 0
    unit: str = "px"

    def __post_init__(self) -> None:
        if self.checkpoint.exists():
            saved = torch.load(self.checkpoint, weights_only=True)
            self.start = saved.pop("step")
            for name, state in saved.items():
                self.state[name].load_state_dict(state)
            print(f"resumed at step {self.start} from {self.checkpoint}", flush=True)

    def __iter__(self) -> Iterator[tuple[int, Phase]]:
        begun = saved = shown = time.monotonic()
        for step in range(self.start, self.schedule.total):
            yield step, self.schedule.phase(step)
            now = time.monotonic()
            if now - shown > 20:
                shown = now
                self._progress(step, now - begun)
            if now - saved > 60 * self.minutes_between:
                saved = now
                self.save(step + 1)
        self.save(self.schedule.total)

    def report(self, loss: float) -> None:
        """Take one step's loss into the running mean that the progress line shows."""
        self.loss = loss if math.isnan(self.loss) else 0.97 * self.loss + 0.03 * loss

    def save(self, step: int) -> None:
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        state = {name: item.state_dict() for name, item in self.state.items()}
        part = self.checkpoint.with_suffix(".part")
        torch.save({"step": step, **state}, part)
        part.replace(self.checkpoint)

    def _progress(self, step: int, seconds: float) -> None:
        done = step + 1 - self.start
        left = seconds / done * (self.schedule.total - step - 1) / 60
        side = self.schedule.phase(step).side
        print(
            f"step {step + 1}/{self.schedule.total}  {side} {self.unit}  loss {self.loss:.3f}  "
            f"{seconds / 60:.1f} min, {left:.1f} min left",
            flush=True,
        )


def export_timm(model: nn.Module, out: Path, config: dict[str, Any]) -> None:
    """Write a folder that `timm.create_model("local-dir:<out>", pretrained=True)` loads."""
    out.mkdir(parents=True, exist_ok=True)
    save_half(model, out / "model.safetensors")
    (out / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")


def save_half(model: nn.Module, path: Path, without: str = "") -> None:
    """Weights as fp16 safetensors; counters and other integers keep their type.

    Those whose names hold `without` are left out.
    """
    half = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for name, value in model.state_dict().items()
        if not without or without not in name
    }
    save_file(half, path, metadata={"format": "pt"})
    path.chmod(0o644)


def timm_config(
    architecture: str, model_args: dict[str, Any], labels: list[str], side: int, **pretrained: Any
) -> dict[str, Any]:
    """The hub's config.json for a timm model."""
    pretrained_cfg = {
        "input_size": [3, side, side],
        "fixed_input_size": False,
        "interpolation": "bicubic",
        "crop_pct": 0.95,
        "crop_mode": "center",
        "mean": list(MEAN),
        "std": list(STD),
        "num_classes": len(labels),
        "pool_size": None,
        "license": "apache-2.0",
        **pretrained,
    }
    return {
        "architecture": architecture,
        "num_classes": len(labels),
        "model_args": model_args,
        "label_names": labels,
        "pretrained_cfg": pretrained_cfg,
    }
