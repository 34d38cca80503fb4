"""Maps of many photos, as Parquet: `heedmap batch FOLDER --out OUT`.

OUT/maps holds a row for each photo and layer; docs/batch.md describes them. The same command goes
on where a run was killed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from heedmap.batch import run
from heedmap.batch.cluster import Cluster
from heedmap.batch.job import Job
from heedmap.errors import HeedmapError
from heedmap.models.catalogue import names
from heedmap.views import turns
from heedmap.views.wanted import Wanted
from tqdm import tqdm


def main() -> None:
    """The command line."""
    asked = _parser().parse_args()
    try:
        result = _run(asked)
    except HeedmapError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("Stopped: the same command goes on from here.", file=sys.stderr)
        sys.exit(130)
    print(_told(asked, result))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heedmap batch", description=__doc__)
    add = parser.add_argument
    add("source", help="a folder with all its subfolders, a pattern in quotes, or s3://BUCKET/...")
    add("--out", type=Path, required=True, help="the folder to write to")
    add("--model", default="bundled-vit", help="id of a model; default: %(default)s")
    add("--kind", default="", help="cls, received, pool, channels or a method such as rollout; "
        "default: what the model shows first")  # fmt: skip
    add("--layers", nargs="+", default=(), metavar="LAYER", help="numbers, -1 for the last; names "
        "of convolutions for channels; default: all, or three convolutions")  # fmt: skip
    add("--head", default="all", help="all, mean, or the number of a head or channel")
    add("--size", type=int, help="short side that the model sees, px; default: the model's own")
    add("--fit", default="whole", choices=("whole", "crop", "squash"))
    add("--overlays", action="store_true", help="also draw every layer over its photo")
    add("--sheet", action="store_true", help="also write a contact sheet, sheet.html")
    add("--workers", type=_count, help="processes; default: one for each core")
    add("--threads", type=_count, default=1, help="of each process; default: 1")
    add("--batch", type=_count, default=8, help="photos of one shape at once; default: 8")
    add("--retry-failed", action="store_true", help="try photos again that could not be mapped")
    add("--on", default="local", choices=("local", "ray"), help="where it runs; default: here")
    add("--address", default="", help="of a Ray cluster; default: Ray on this machine")
    add("--gpus", type=float, default=0.0, help="that each actor of Ray needs; default: 0")
    return parser


def _run(asked: argparse.Namespace) -> run.Result:
    wanted = Wanted(asked.kind, tuple(asked.layers), asked.head)
    model = names.canonical(asked.model)
    job = Job(model, wanted, asked.size, asked.fit, asked.overlays, asked.sheet)
    with tqdm(unit=" photos", disable=None, dynamic_ncols=True) as bar:

        def begin(photos: int, before: int) -> Callable[[int], object]:
            bar.reset(photos)
            bar.initial = bar.n = before  # the rate is that of this run
            bar.refresh()
            return lambda count: bar.update(count)

        return run.run(
            job, asked.source, asked.out, _runner(asked),
            batch=asked.batch, threads=asked.threads, retry_failed=asked.retry_failed, begin=begin,
        )  # fmt: skip


def _runner(asked: argparse.Namespace) -> run.Runner:
    workers = asked.workers or _workers(asked)
    if asked.on == "ray":
        return run.on_ray(workers, Cluster(asked.address, asked.gpus))
    return run.on_this_machine(workers)


def _workers(asked: argparse.Namespace) -> int:
    return max(1, turns.cores() // int(asked.threads))


def _told(asked: argparse.Namespace, result: run.Result) -> str:
    mapped = result.photos - len(result.failures)
    lines = [f"{mapped:,} of {result.photos:,} photos are in {asked.out / 'maps'}."]
    if result.failures:
        name, why = result.failures[0]
        lines.append(f"{len(result.failures):,} cannot be mapped, such as {name}: {why}")
        lines.append("Their rows carry the reason; --retry-failed tries them again.")
    if asked.sheet:
        lines.append(f"The contact sheet is {asked.out / 'sheet.html'}.")
    return "\n".join(lines)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 4096:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count: use a number from 1 to 4096")
    return int(text)


if __name__ == "__main__":
    main()
