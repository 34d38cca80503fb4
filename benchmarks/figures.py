"""Write docs/figures.md: `python -m benchmarks.figures capture models page load engine fuzz`.

Runs the benchmarks named, shows what they print, and puts their tables into the page. The tables of
the bundled models come from their cards (card.json): `cards` writes them without measuring.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

from heedmap.models.catalogue.entries import CATALOGUE

from benchmarks import card

PAGE = Path(__file__).parent.parent / "docs" / "figures.md"
BENCHMARKS = ("capture", "models", "batch", "page", "load", "engine", "fuzz", "bundled")
HEAD = "| model | measured | |\n|---|---|---|"
LAYER_HEAD = f"| model | {card.LAYERS} |\n|---|---|---|---|---|"


def run(benchmark: str) -> str:
    """Run one benchmark, pass on what it prints, and return that."""
    command = [sys.executable, "-u", "-m", f"benchmarks.{benchmark}"]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        sys.exit(f"benchmarks.{benchmark} failed: docs/figures.md keeps its old figures.")
    return "".join(lines)


def measured(printed: str) -> str:
    """The table of a benchmark, below the machine that it was measured on."""
    rows = [line for line in printed.splitlines() if line.startswith("|")]
    cores = len(os.sched_getaffinity(0))
    on = f"{date.today():%d %B %Y}"
    with_these = f"PyTorch {version('torch')} and Pillow {version('pillow')}"
    machine = f"Measured on {on}, on {cores} CPU cores with {with_these}."
    return "\n".join([machine, "", *rows])


def cards() -> str:
    """The tables of the bundled models: what their cards say was measured on photos
    and texts."""
    found = [(m.id, card.read(m.folder)) for m in CATALOGUE if m.folder and m.bundled]
    figures = [
        f"| {id} | {figure.name} | {figure} |"
        for id, measured in found
        for figure in measured.figures
        if figure.count
    ]
    layers = [f"| {id} {row}" for id, measured in found for row in measured.layer_rows()]
    return "\n".join([HEAD, *figures, "", LAYER_HEAD, *layers])


def put(page: str, name: str, table: str) -> str:
    """The page with another table between the markers of `name`."""
    markers = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not markers.search(page):
        raise ValueError(f"{PAGE.name} has no place for {name!r}: add <!-- {name} --> markers.")
    return markers.sub(lambda found: f"{found[1]}{table}\n{found[2]}", page)


def main() -> None:
    """Run what was asked for, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", choices=(*BENCHMARKS, "cards"), metavar="NAME")
    for name in parser.parse_args().names:
        print(f"# {name}", flush=True)
        printed = "" if name == "cards" else run(name)  # bundled writes its cards
        block, table = (
            ("bundled", cards()) if name in {"bundled", "cards"} else (name, measured(printed))
        )
        PAGE.write_text(put(PAGE.read_text(), block, table))


if __name__ == "__main__":
    main()
