"""Many visitors at once: `python -m benchmarks.load`, on loopback, over Streamlit's own protocol.

Each visitor opens the page of a server just started and then changes layer and head, one view
after the other, as fast as the server answers. Three servers, one after the other in one run: the
app as the command starts it, the app without the checks of server.py, and an empty Streamlit page
with the same two controls, which is the floor. Given for each: views, failures, median and 95th
percentile of the seconds from a change to the end of its run, and the server's memory after one
visitor, after all of them and after as many again: flat, where the last two are the same.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import MEGABYTE
from benchmarks.server import App, serve
from benchmarks.visitor import Run, Visitor, visit

VISITORS, VIEWS, ROUNDS = 50, 6, 2
MOST_VISITORS, MOST_VIEWS = 200, 50
LIMIT = 300.0  # seconds for all views of one round; those that are missing then have failed
LAYERS, HEADS = 6, 6  # of bundled-vit, which the page shows first
EMPTY = """
import streamlit as st
layer = st.slider("Layer", 0, 5, 5)
head = st.selectbox("Head", ["Mean of all heads", *(f"Head {n}" for n in range(6))])
st.query_params.from_dict({"layer": str(layer), "head": head.removeprefix("Head ")})
"""

Check = Callable[[Run, int, int], bool]


@dataclass
class Round:
    """What many visitors met."""

    seconds: list[float] = field(default_factory=list)  # of each view that was made
    failures: list[str] = field(default_factory=list)
    lasted: float = 0.0


@dataclass
class Figures:
    """One server: the views of all rounds, and its memory before and after each, bytes."""

    rounds: list[Round]
    memory: list[int]

    @property
    def seconds(self) -> list[float]:
        return [each for one in self.rounds for each in one.seconds]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def late(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1]


def shows_map(run: Run, layer: int, head: int) -> bool:
    """Whether the page shows the map of this layer and head."""
    stage = run.components.get("heedmap_stage")
    shown = stage["panels"][0] if stage else {"values": "", "title": ""}
    return bool(shown["values"]) and shown["title"] == f"Layer {layer}, head {head}"


def shows_values(run: Run, layer: int, head: int) -> bool:
    """Whether the empty page has taken over layer and head."""
    return (run.setting("layer"), run.setting("head")) == (str(layer), str(head))


async def look(visitor: Visitor, views: int, check: Check, told: Round, seed: int) -> None:
    """Open the page and make `views` views, each noted in `told`."""
    choose = random.Random(seed)
    await visitor.open()
    for _ in range(views):
        layer, head = choose.randrange(LAYERS), choose.randrange(HEADS)
        start = time.perf_counter()
        run = await visitor.change({"Layer": layer, "Head": f"Head {head}"})
        taken = time.perf_counter() - start
        if run.errors or not check(run, layer, head):
            told.failures.append(run.errors[0] if run.errors else f"not layer {layer}, head {head}")
        else:
            told.seconds.append(taken)


async def together(url: str, visitors: int, views: int, check: Check, limit: float) -> Round:
    """Let `visitors` come at once; each failure and each view that is missing is counted."""
    told, start = Round(), time.perf_counter()

    async def come(seed: int) -> None:
        async with visit(url) as visitor:
            await look(visitor, views, check, told, seed)

    tasks = [asyncio.create_task(come(seed)) for seed in range(visitors)]
    _, late = await asyncio.wait(tasks, timeout=limit)
    told.lasted = time.perf_counter() - start
    for task in late:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    missing = visitors * views - len(told.seconds) - len(told.failures)
    reasons = [repr(end) for end in ends if isinstance(end, BaseException)]
    told.failures += (reasons + ["missing"] * missing)[:missing]
    return told


def measure(app: App, check: Check, options: argparse.Namespace) -> Figures:
    """One visitor to warm up, then all of them, round after round."""

    def come(visitors: int) -> Round:
        return asyncio.run(together(app.url, visitors, options.views, check, options.limit))

    come(1)
    memory, rounds = [resident(app)], []
    for _ in range(options.rounds):
        rounds.append(come(options.visitors))
        memory.append(resident(app))
    return Figures(rounds, memory)


def resident(app: App) -> int:
    """The server's resident memory, bytes (Linux only)."""
    text = Path(f"/proc/{app.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if "VmRSS" in line)


def row(name: str, figures: Figures, floor: Figures) -> str:
    """A server's line of the table."""
    views, failures = len(figures.seconds), sum(len(each.failures) for each in figures.rounds)
    lasted = ", ".join(f"{each.lasted:.1f}" for each in figures.rounds)
    memory = " → ".join(f"{each / MEGABYTE:.0f}" for each in figures.memory)
    return (
        f"| {name} | {views} | {failures} | {lasted} | "
        f"{figures.median:.2f} ({figures.median / floor.median:.1f}) | "
        f"{figures.late:.2f} ({figures.late / floor.late:.1f}) | {memory} |"
    )


def main() -> None:
    """Start each server, send the visitors, and print the table; exit with 1 after a failure."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY, encoding="utf-8")
        servers: dict[str, tuple[str, Check]] = {
            "empty Streamlit page": (str(empty), shows_values),
            "Heedmap without server.py": ("app.py", shows_map),
            "Heedmap": ("", shows_map),
        }
        found = {}
        for name, (script, check) in servers.items():
            with serve(Path(folder) / "log.txt", script=script) as app:
                found[name] = measure(app, check, options)
    print(f"{options.visitors} visitors, {options.views} views each, {options.rounds} rounds.\n")
    print("| server | views | failures | s a round | median s (ratio) | 95 % s (ratio) | MB |")
    print("|---|---|---|---|---|---|---|")
    for name, figures in found.items():
        print(row(name, figures, found["empty Streamlit page"]))
    failures = [text for each in found.values() for one in each.rounds for text in one.failures]
    if failures:
        sys.exit(f"{len(failures)} failures, the first: {failures[0]}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--visitors", type=up_to(MOST_VISITORS), default=VISITORS)
    parser.add_argument("--views", type=up_to(MOST_VIEWS), default=VIEWS, help="of each visitor")
    parser.add_argument("--rounds", type=up_to(10), default=ROUNDS)
    parser.add_argument("--limit", type=up_to(1200), default=LIMIT, help="seconds for a round")
    return parser.parse_args()


def up_to(most: int) -> Callable[[str], int]:
    """What reads a whole number from 1 on of a command."""

    def whole(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {most}")
        return int(text)

    return whole


if __name__ == "__main__":
    main()
