"""What recording attention costs: `python -m benchmarks.capture [--quick]`.

Time is a ratio to a plain forward pass of the same model on the same photo, the two run in turn in
one process; the median of the ratios counts. Memory is what the peak of a process rises by in one
pass, each way in a process of its own, in megabytes over the plain pass (Linux only).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks import measure

WAYS = ("plain", "record", "record, token_mean", "record, stats", "eager, output_attentions")


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
    from heedmap import models, viz

    module = build(case.model, "eager" if name.startswith("eager") else "sdpa")
    adapter = models.wrap(module)
    photo = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)

    def run(size: int) -> object:
        x = adapter.prepare(photo, size=size, fit="squash")
        if name == "plain":
            return adapter.forward(x.pixels)
        if name.startswith("record"):
            mean, stats = "token_mean" in name, "stats" in name
            return viz.record_attention(adapter, x, token_mean=mean, stats=stats)
        how = {"interpolate_pos_encoding": True} if case.model.startswith("CLIP") else {}
        with torch.inference_mode():
            return module(pixel_values=x.pixels, output_attentions=True, **how)

    return run


def main() -> None:
    """Measure every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave the eager way out")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        case = CASES[int(asked.peak[0])]
        run = way(asked.peak[1], case)
        measure.print_peak(lambda: run(case.size // 4), lambda: run(case.size))
        return
    ways = WAYS[:-1] if asked.quick else WAYS
    measure.print_head()
    for index, case in enumerate(CASES):
        runs = {name: partial(way(name, case), case.size) for name in ways}
        seconds, ratios = measure.times(runs, case.passes)
        peaks = {name: measure.peak("benchmarks.capture", index, name) for name in ways}
        measure.print_table(case.title, seconds, ratios, peaks)


if __name__ == "__main__":
    main()
