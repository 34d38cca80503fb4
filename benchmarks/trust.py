"""Deletion and insertion of every method for the bundled models, on photos that they never saw.

Each photo goes through all models and methods before the next. What is done is kept in a file, by
photo and model, so a run can be stopped and go on, and a model that has changed is measured alone:
take its lines out and name it with `--models`. The classifiers are asked for the class that they
find most probable, the CLIP for "a photo of a" with the photo's own label.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from heedmap import models, viz

from training import common
from training.data import DEFAULT_DATA, Sample, read_photos

PHOTOS, STEPS = 200, 8
LOG = Path(tempfile.gettempdir()) / "heedmap-trust.jsonl"
ATTENTION = ("raw", "rollout", "relevance", "legrad", "gradcam", "ig")
METHODS = {
    "bundled-vit": ATTENTION,
    "bundled-vit-reg": ATTENTION,
    "bundled-clip": ATTENTION,
    "bundled-cnn": ("gradcam", "gradcam++", "layercam", "xgradcam", "scorecam", "ig"),
}
SLOW = frozenset({"scorecam", "ig"})
BESIDE = {"random": "a random map", "centre": "a blob in the middle"}


@dataclass(frozen=True)
class Found:
    """The areas of one map of one photo, means over both baselines."""

    photo: int
    model: str
    method: str
    deletion: float
    insertion: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """What can be told to `print_tables`."""
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--photos", type=int, default=PHOTOS)
    parser.add_argument("--models", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--quick", action="store_true", help="leave out what runs many passes")
    parser.add_argument("--log", type=Path, default=LOG)


def print_tables(asked: argparse.Namespace) -> None:
    """Measure what is not in the log yet, and print the table of all photos that are done."""
    run(asked)
    print_table(read(asked.log))


def run(asked: argparse.Namespace) -> None:
    """Measure the photos that are not in the log yet."""
    held_out = [sample for sample in read_photos(asked.data) if sample[1]["split"] == "val"]
    done = {(each.photo, each.model) for each in read(asked.log)}
    left_out = SLOW if asked.quick else frozenset()
    for number, sample in enumerate(spread(held_out, asked.photos)):
        for id in asked.models:
            if (number, id) not in done:
                found = of_photo(number, sample, id, asked.steps, left_out)
                lines = [json.dumps(vars(each)) for each in found]
                with asked.log.open("a", encoding="utf-8") as file:
                    file.write("\n".join(lines) + "\n")


def spread(samples: list[Sample], count: int) -> list[Sample]:
    """So many samples from all over the list, in an order in which any first part is spread too."""
    places = np.random.default_rng(0).permutation(len(samples))[:count]
    return [samples[place] for place in places]


def of_photo(
    number: int, sample: Sample, id: str, steps: int, left_out: frozenset[str]
) -> Iterator[Found]:
    """The areas of all maps of one photo and model."""
    adapter = models.load(id)
    x = adapter.prepare(viz.open_image(sample[0]), fit="crop")
    label = f"a photo of a {sample[1]['label']}."
    target: Any = label if id == "bundled-clip" else None
    beside = None
    for method in (each for each in METHODS[id] if each not in left_out):
        wanted = target if viz.METHODS[method].wants_target else None
        heat = viz.explain(adapter, x, method, wanted).heat
        with common.autocast():  # bf16 halves the time and moves an area by 0.002 at most
            beside = viz.faithfulness(adapter, x, heat, target, steps, beside)
        yield _found(number, id, method, beside.heat)
    assert beside is not None
    yield _found(number, id, "random", beside.random)
    yield _found(number, id, "centre", beside.centre)


def _found(photo: int, model: str, method: str, curves: viz.Curves) -> Found:
    areas = (float(each.mean()) for each in (curves.deletion_areas, curves.insertion_areas))
    return Found(photo, model, method, *areas)


def read(log: Path) -> list[Found]:
    """What a log holds."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    return [Found(**json.loads(line)) for line in lines if line]


def print_table(found: list[Found]) -> None:
    """Print the mean areas of each method, their difference and its standard error."""
    print("| model | map | deletion | insertion | insertion less deletion | photos |")
    print("|---|---|---|---|---|---|")
    for id, methods in METHODS.items():
        for method in (*methods, *BESIDE):
            some = [each for each in found if (each.model, each.method) == (id, method)]
            if some:
                print(f"| {id} | {_name(method)} | {_row(some)} |")


def _name(method: str) -> str:
    return BESIDE.get(method) or viz.METHODS[method].name


def _row(some: list[Found]) -> str:
    deletion, insertion = (
        np.array([getattr(each, name) for each in some]) for name in ("deletion", "insertion")
    )
    gain = insertion - deletion
    error = gain.std(ddof=1) / len(gain) ** 0.5 if len(gain) > 1 else float("nan")
    means = f"{deletion.mean():.3f} | {insertion.mean():.3f}"
    return f"{means} | {gain.mean():+.3f} ± {error:.3f} | {len(some)}"
