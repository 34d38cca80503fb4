"""What maps of a folder cost: `python -m benchmarks.batch [--photos 100]`.

`heedmap batch` beside the loop that studies of CLIP write: a Transformers model that forms its
attention (eager, `output_attentions=True`), one photo at a time, CLS rows of all layers and heads
saved as float16; with PyTorch's own number of threads, as they run it, and with one. The last row
is the same command on a Ray that it starts and stops, whose CPU-seconds are not seen from here.

Each way is a process that starts, loads the model, maps all photos and ends; CPU-seconds are those
of it and its workers. On a machine where other work runs, they tell more than photos a second.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

MODEL = "bundled-clip"
LOOP = "loop, eager, output_attentions"
RAY = ", on Ray"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
SIDE = 640  # px, the long side of the photos


def photos(folder: Path, count: int) -> None:
    """Write so many photos, each different."""
    from heedmap import viz
    from PIL import Image

    names = viz.sample_ids()
    for index in range(count):
        photo = Image.fromarray(viz.open_sample(names[index % len(names)]))
        photo.thumbnail((SIDE, SIDE))
        pixels = np.array(photo)
        pixels[:8, :8] = index % 256
        (folder / f"{index:05}.jpg").write_bytes(viz.encode_jpeg(pixels))


def loop(source: Path, out: Path) -> None:
    """The loop of a study."""
    import torch
    from heedmap.models.catalogue.entries import BUNDLED
    from PIL import Image
    from transformers import CLIPImageProcessor, CLIPVisionModel

    model = CLIPVisionModel.from_pretrained(BUNDLED / MODEL, attn_implementation="eager").eval()
    processor = CLIPImageProcessor.from_pretrained(BUNDLED / MODEL)
    for path in sorted(source.iterdir()):
        pixels = processor(images=Image.open(path).convert("RGB"), return_tensors="pt")
        with torch.no_grad():
            output = model(**pixels, output_attentions=True)
        rows = torch.stack(output.attentions)[:, 0, :, 0, 1:]
        np.save(out / f"{path.stem}.npy", rows.numpy().astype(np.float16))


def ways(source: Path, out: Path) -> dict[str, list[str]]:
    """What is compared, and the command of each."""
    batch = [
        "-m", "heedmap", "batch", str(source), "--model", MODEL, "--fit", "crop", "--kind", "cls",
    ]  # fmt: skip
    study = ["-m", "benchmarks.batch", "--loop", str(source), str(out)]
    settings = {
        "1 worker, one photo at once": ("1", "1"),
        "1 worker": ("1", "8"),
        "2 workers": ("2", "8"),
        f"2 workers{RAY}": ("2", "8", "--on", "ray"),
    }
    return {
        LOOP: study,
        f"{LOOP}, one thread": study,
        **{
            f"heedmap batch, {name}": [
                *batch, "--out", str(out), "--workers", workers, "--batch", size, *where,
            ]
            for name, (workers, size, *where) in settings.items()
        },
    }  # fmt: skip


def measured(command: Sequence[str], env: dict[str, str]) -> tuple[float, float]:
    """Seconds on the clock, and CPU-seconds of a process and all that it started."""
    before, began = _cpu(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, env={**os.environ, **env}
    )
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - began, _cpu() - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure every way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, nargs="+", default=[100])
    parser.add_argument("--loop", nargs=2, type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.loop:
        loop(*asked.loop)
        return
    print("| photos | way | photos/s | CPU-seconds | CPU-seconds, the loop's over this |")
    print("|---|---|---|---|---|")
    for count in asked.photos:
        with tempfile.TemporaryDirectory() as folder:
            _compare(count, Path(folder))


def _compare(count: int, folder: Path) -> None:
    source = folder / "photos"
    source.mkdir()
    photos(source, count)
    least = 0.0
    for index, (name, command) in enumerate(ways(source, folder / "out").items()):
        (folder / "out").mkdir()
        seconds, cpu = measured(command, ONE_THREAD if "one thread" in name else {})
        os.rename(folder / "out", folder / f"out{index}")
        least = least or cpu
        used = "not seen | " if name.endswith(RAY) else f"{cpu:.1f} | {least / cpu:.2f}"
        print(f"| {count} | {name} | {count / seconds:.1f} | {used} |", flush=True)


if __name__ == "__main__":
    main()
