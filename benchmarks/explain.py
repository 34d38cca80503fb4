"""What asking why costs, and how far each method can be trusted: `python -m benchmarks.explain`.

    python -m benchmarks.explain cost     time and memory of each method over a plain pass, beside
                                          torchcam, pytorch-grad-cam and naive eager code
    python -m benchmarks.explain trust    deletion and insertion of every method for the bundled
                                          models on photos that they never saw
    python -m benchmarks.explain methods  the tables of methods, as `viz.METHODS` has them

Each prints its table and puts it into docs/explain.md. Time is CPU time of one thread, which other
work on the machine leaves alone but for the caches, as a ratio to a plain forward pass of the same
model on the same photo, run in turn in one process; memory is what the peak of a process rises by,
each way in a process of its own, in megabytes over the plain pass (Linux only).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import figures, measure, trust

PAGE = Path(__file__).parent.parent / "docs" / "explain.md"
CLASS = 3  # that is asked about
VIT = (
    "plain", "raw", "rollout", "relevance", "legrad", "gradcam",
    "eager rollout", "eager relevance", "pytorch-grad-cam gradcam",
)  # fmt: skip
CNN = (
    "plain", "gradcam", "gradcam++", "layercam", "xgradcam", "scorecam", "ig", "torchcam gradcam",
    "torchcam scorecam", "pytorch-grad-cam gradcam", "pytorch-grad-cam scorecam",
)  # fmt: skip
TORCHCAM = {"gradcam": "GradCAM", "scorecam": "ScoreCAM"}


@dataclass(frozen=True)
class Case:
    """A model of timm with random weights, at one square size (px)."""

    title: str
    model: str
    size: int
    ways: tuple[str, ...]


CASES = (
    Case("DINOv2-S/14 at 518 px", "vit_small_patch14_dinov2", 518, VIT),
    Case("ResNet-18 at 224 px", "resnet18", 224, CNN),
)


def way(name: str, case: Case) -> Callable[[int], object]:
    """One way through the model, as a function of the size in pixels."""
    import timm
    import torch
    from heedmap import models, viz

    torch.manual_seed(0)
    torch.set_num_threads(1)
    how = {"dynamic_img_size": True} if case.ways is VIT else {}
    module = timm.create_model(case.model, num_classes=1000, **how).eval().requires_grad_(False)
    adapter = models.wrap(module)
    photo = np.random.default_rng(0).integers(0, 256, (600, 600, 3), dtype=np.uint8)
    tool, _, method = name.rpartition(" ")

    def run(size: int) -> object:
        x = adapter.prepare(photo, size=size, fit="squash")
        if name == "plain":
            return adapter.forward(x.pixels)
        if not tool:
            return viz.explain(
                adapter, x, method, CLASS if viz.METHODS[method].wants_target else None
            )
        return OTHERS[tool](adapter, x, method)

    return run


def eager(adapter: Any, x: Any, method: str) -> object:
    """Rollout and relevance with whole matrices, as their authors' code has them."""
    import copy

    import torch

    module, kept = copy.deepcopy(adapter.module), []
    for block in module.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_pre_hook(lambda _, given: kept.append(given[0]))
    logits = module(x.pixels.clone().requires_grad_())
    whole = torch.eye(kept[0].shape[-1])
    if method == "rollout":
        for layer in kept:
            whole = (0.5 * layer[0].mean(0) + 0.5 * torch.eye(len(whole))) @ whole
        return whole[0]
    for layer, gradient in zip(kept, torch.autograd.grad(logits[0, CLASS], kept), strict=True):
        whole = whole + (gradient * layer)[0].clamp_min(0).mean(0) @ whole
    return whole[0]


def torchcam(adapter: Any, x: Any, method: str) -> object:
    """torchcam as its own page shows it."""
    from torchcam import methods

    with getattr(methods, TORCHCAM[method])(adapter.module, "layer4") as extract:
        return extract(CLASS, adapter.module(x.pixels.clone().requires_grad_()))


def pytorch_grad_cam(adapter: Any, x: Any, method: str) -> object:
    """pytorch-grad-cam as its own page shows it, for a ViT with its reshape of the tokens."""
    from pytorch_grad_cam import GradCAM, ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    tool, module = {"gradcam": GradCAM, "scorecam": ScoreCAM}[method], adapter.module
    layer, how = getattr(module, "layer4", None), {}
    if adapter.kinds:
        layer = module.blocks[-2]
        how = {"reshape_transform": lambda t: t[:, x.prefix :].mT.reshape(len(t), -1, *x.grid)}
    with contextlib.redirect_stderr(io.StringIO()), tool(module, [layer], **how) as extract:
        return extract(x.pixels.clone().requires_grad_(), [ClassifierOutputTarget(CLASS)])


OTHERS = {"eager": eager, "torchcam": torchcam, "pytorch-grad-cam": pytorch_grad_cam}


def cost(passes: int) -> None:
    """Measure every case and print the table."""
    measure.print_head()
    for index, case in enumerate(CASES):
        ways = [each for each in case.ways if there(each)]
        runs = {name: partial(way(name, case), case.size) for name in ways}
        seconds, ratios = measure.times(runs, passes, time.process_time)
        peaks = {name: measure.peak("benchmarks.explain", index, name) for name in ways}
        measure.print_table(case.title, seconds, ratios, peaks)


def there(name: str) -> bool:
    """Whether the tool of a way is installed, with all that it needs."""
    return "pytorch-grad-cam" not in name or bool(find_spec("sklearn"))


def methods() -> None:
    """Print what each method is, assumes, and is known to get wrong."""
    print("\n".join(rows_of_methods()))


def rows_of_methods() -> list[str]:
    """The tables of methods in Markdown."""
    from heedmap import viz

    head = ["| method | reads | source | it assumes | known failings |", "|---|---|---|---|---|"]
    return head + [
        f"| {each.name} | {each.reads} | {each.source} | {each.assumes} | {each.fails} |"
        for each in (*viz.METHODS.values(), *viz.WORD_MAPS.values())
    ]


def main() -> None:
    """Print what was asked for, and put it into docs/explain.md."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", default=["cost", "trust", "methods"])
    parser.add_argument("--passes", type=int, default=3, help="of each way; the median counts")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    trust.add_options(parser)
    asked = parser.parse_args()
    if asked.peak:
        case = CASES[int(asked.peak[0])]
        run = way(asked.peak[1], case)
        measure.print_peak(lambda: run(case.size // 2), lambda: run(case.size))
        return
    jobs: dict[str, Callable[[], None]] = {
        "cost": partial(cost, asked.passes),
        "trust": partial(trust.print_tables, asked),
        "methods": methods,
    }
    for name in asked.names:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            jobs[name]()
        print(printed.getvalue(), flush=True)
        table = printed.getvalue().strip()
        put(name, table if name == "methods" else figures.measured(table))


def put(name: str, table: str) -> None:
    """Write a table into docs/explain.md."""
    PAGE.write_text(figures.put(PAGE.read_text(encoding="utf-8"), name, table), encoding="utf-8")


if __name__ == "__main__":
    main()
