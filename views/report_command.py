"""The command `heedmap report`: photos x models x layers in one HTML file.

heedmap report cat.jpg dog.jpg --model bundled-vit --model dino-vits16 --layers all
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from heedmap import viz
from heedmap.errors import HeedmapError
from heedmap.views import photos, report


def main(argv: Sequence[str] | None = None) -> None:
    """Write a report, and say what it is at."""
    options = _parser().parse_args(argv)
    try:
        plan = report.Plan(
            [_photo(each) for each in options.photos],
            options.model or ["bundled-vit"],
            _layers(options.layers),
            options.method or (),
        )
        page = report.make(plan, tell=_tell)
    except HeedmapError as error:
        sys.exit(str(error))
    options.output.write_bytes(page)
    print(f"{options.output}: {len(page) / 1e6:.1f} MB", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heedmap report", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("photos", nargs="+", help=f"files, or samples: {', '.join(viz.sample_ids())}")
    add("--model", action="append", help="id; may be given several times (bundled-vit)")
    add("--layers", default="last", help="all, last, or numbers from 0 such as 0,5,11 (last)")
    add("--method", action="append", choices=viz.METHODS, help="may be given several times")
    add("--output", type=Path, default=Path("report.html"), help="the file (report.html)")
    return parser


def _photo(text: str) -> str:
    """The key of a sample or of a file."""
    if text in viz.sample_ids():
        return text
    path = Path(text)
    try:
        content = path.read_bytes()
    except OSError:
        sys.exit(f"There is no photo {text!r}: give a file or a sample.")
    return photos.take(content, path.name)


def _layers(text: str) -> str | list[int]:
    if text in ("all", "last"):
        return text
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        sys.exit(f"--layers {text!r} names no layers: give all, last, or numbers such as 0,5,11.")


def _tell(share: float, words: str) -> None:
    print(f"{share:4.0%}  {words}", file=sys.stderr)


if __name__ == "__main__":
    main()
