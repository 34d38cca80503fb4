"""What recording attention costs: `python -m benchmarks.capture [--quick]`.

Time is a ratio to a plain forward pass of the same model on the same photo, the two run in turn in
one process; the median of the ratios counts. Memory is what the peak of a process rises by in one
pass, each way in a process of its own, in megabytes over the plain pass (Linux only).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

WAYS = ("plain", "record", "record, token_mean", "eager, output_attentions")
MEGABYTE = 1e6


@dataclass(frozen=True)
class Case:
    """A model of Transformers, by its configuration, at one square size (px)."""

    model: str
    size: int
    passes: int

    @property
    def title(self) -> str:
        return f"{self.model} at {self.size} px"


CASES = (
    Case("DINOv2-S/14", 224, 15),
    Case("DINOv2-S/14", 518, 7),
    Case("DINOv2-S/14", 952, 3),
    Case("CLIP-L/14", 336, 5),
)


def build(name: str, attention: str) -> Any:
    """The model with random weights: what it weighs and costs does not depend on them."""
    import torch
    import transformers

    torch.manual_seed(0)
    if name == "DINOv2-S/14":
        settings = {"hidden_size": 384, "num_attention_heads": 6, "image_size": 518}
        config = transformers.Dinov2Config(patch_size=14, **settings)
        model = transformers.Dinov2Model(config)
    else:
        settings = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24}
        config = transformers.CLIPVisionConfig(
            num_attention_heads=16, image_size=336, patch_size=14, **settings
        )
        model = transformers.CLIPVisionModel(config)
    model.set_attn_implementation(attention)
    return model.eval().requires_grad_(False)


def way(name: str, case: Case) -> Callable[[int], object]:
    """One way through the model, as a function of the size in pixels."""
    import torch

    import models
    import viz

    module = build(case.model, "eager" if name.startswith("eager") else "sdpa")
    adapter = models.wrap(module)
    photo = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)

    def run(size: int) -> object:
        x = adapter.prepare(photo, size=size, fit="squash")
        if name == "plain":
            return adapter.forward(x.pixels)
        if name.startswith("record"):
            return viz.record_attention(adapter, x, token_mean="token_mean" in name)
        how = {"interpolate_pos_encoding": True} if case.model.startswith("CLIP") else {}
        with torch.inference_mode():
            return module(pixel_values=x.pixels, output_attentions=True, **how)

    return run


def times(case: Case, ways: tuple[str, ...]) -> tuple[float, dict[str, float]]:
    """Seconds of a plain pass, and the ratio of each way to it."""
    runs = {name: way(name, case) for name in ways}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(case.passes + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run(case.size)
            if turn:  # the first turn warms up
                taken[name].append(time.perf_counter() - start)
    ratios = {
        name: statistics.median(t / p for t, p in zip(taken[name], taken["plain"], strict=True))
        for name in ways
    }
    return statistics.median(taken["plain"]), ratios


def peak(case: Case, name: str) -> float:
    """Bytes that one pass adds to the peak of a fresh process."""
    index = str(CASES.index(case))
    command = [sys.executable, "-m", "benchmarks.capture", "--peak", index, name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _measure_peak(case: Case, name: str) -> int:
    run = way(name, case)
    run(case.size // 4)
    with open("/proc/self/clear_refs", "w") as marks:
        marks.write("5")  # the kernel's way to start the peak anew
    before = _status("VmRSS")
    run(case.size)
    return _status("VmHWM") - before


def _status(name: str) -> int:
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def main() -> None:
    """Measure every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave the eager way out")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        print(_measure_peak(CASES[int(asked.peak[0])], asked.peak[1]))
        return
    ways = WAYS[:3] if asked.quick else WAYS
    print("| model | way | time, ratio to plain | memory, MB over plain |")
    print("|---|---|---|---|")
    for case in CASES:
        seconds, ratios = times(case, ways)
        plain = peak(case, "plain")
        note = f"{seconds:.2f} s, +{plain / MEGABYTE:.0f} MB in all"
        print(f"| {case.title} | plain | 1 ({note}) | 0 |")
        for name in ways[1:]:
            more = (peak(case, name) - plain) / MEGABYTE
            print(f"| | {name} | {ratios[name]:.2f} | {round(more):+d} |", flush=True)


if __name__ == "__main__":
    main()
