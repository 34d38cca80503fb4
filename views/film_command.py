"""The command `heedmap film`: a film with a map over each frame, all on one scale.

heedmap film clip.mov --model dino-vits16 --layer 11 --head 3
heedmap film cat                                  # a slow pan over a sample photo
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from heedmap import models, viz
from heedmap.errors import HeedmapError
from heedmap.views import film, model_facts
from heedmap.views.attention import MEAN
from heedmap.views.film import Frame, Wanted
from heedmap.views.render import Look
from heedmap.viz.film import RATE


def main(argv: Sequence[str] | None = None) -> None:
    """Write a film, and say what it is at."""
    options = _parser().parse_args(argv)
    try:
        adapter = models.load(options.model)
        size = options.size or model_facts.native_size(models.record(adapter.id))
        _check(adapter, options.layer, options.head)
        wanted = Wanted(
            size, layer=options.layer, part=options.head, look=Look(options.colors, options.opacity)
        )
        frames = _frames(options.source, options.rate, options.seconds)
        count = film.make(adapter, frames, options.output, wanted, options.rate, _tell)
    except HeedmapError as error:
        sys.exit(f"\n{error}")
    print(f"\n{options.output}: {count} frames on one scale", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heedmap film", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("source", help=f"an MP4, MOV, WebM or GIF, or a sample: {', '.join(viz.sample_ids())}")
    add("--model", default="bundled-vit", help="id of a model (%(default)s)")
    add("--layer", type=int, default=-1, help="of attention, from 0 (the last)")
    add("--head", default=MEAN, help="its number, from 0 (the mean of all)")
    add("--size", type=int, help="short side that the model sees, px (its own)")
    add("--rate", type=float, default=RATE, help="frames a second (%(default)g)")
    add("--seconds", type=float, help="where to end (the whole film)")
    add("--colors", default=Look.colormap, choices=viz.COLORMAPS, help="(%(default)s)")
    add("--opacity", type=float, default=Look.opacity, help="0 to 1 (%(default)g)")
    add("--output", type=Path, default=Path("film.mp4"), help="the file (%(default)s)")
    return parser


def _frames(source: str, rate: float, seconds: float | None) -> Iterator[np.ndarray]:
    if source in viz.sample_ids():
        return viz.pan(viz.open_sample(source), seconds or 4.0, rate)
    return viz.frames(source, rate=rate, seconds=seconds)


def _check(adapter: models.Adapter, layer: int, head: str) -> None:
    if adapter.kinds and not -adapter.depth <= layer < adapter.depth:
        sys.exit(f"--layer {layer}: {adapter.title} has layers 0 to {adapter.depth - 1}.")
    if head != MEAN and not head.isdecimal():
        sys.exit(f"--head {head!r} is no head: give its number, from 0, or mean.")


def _tell(count: int, frame: Frame) -> None:
    print(f"\r{count} frames", end="", file=sys.stderr)


if __name__ == "__main__":
    main()
