"""Compare several ways to run one model.

Time is measured in one process, the ways in turn; memory in a process for each way.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

MEGABYTE = 1e6
PLAIN = "plain"  # the way that the others are compared with

Run = Callable[[], object]


def times(
    runs: Mapping[str, Run], passes: int, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, dict[str, float]]:
    """Seconds of a plain pass, and the median ratio of each way to the plain pass of its turn."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(passes + 1):
        for name, run in runs.items():
            start = clock()
            run()
            if turn:  # the first turn warms up
                taken[name].append(clock() - start)
    ratios = {
        name: statistics.median(t / p for t, p in zip(taken[name], taken[PLAIN], strict=True))
        for name in runs
    }
    return statistics.median(taken[PLAIN]), ratios


def peak(benchmark: str, case: int, way: str) -> float:
    """Bytes that one pass adds to the peak memory of a new process, which calls `print_peak`."""
    command = [sys.executable, "-m", benchmark, "--peak", str(case), way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def print_peak(warm: Run, run: Run) -> None:
    """Print by how many bytes one pass raises the peak memory of this process (Linux only)."""
    warm()
    with open("/proc/self/clear_refs", "w") as marks:
        marks.write("5")  # the kernel resets the peak
    before = _status("VmRSS")
    run()
    print(_status("VmHWM") - before)


def _status(name: str) -> int:
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def print_table(
    title: str, seconds: float, ratios: dict[str, float], peaks: dict[str, float]
) -> None:
    """Print the rows of one model: each way compared with the plain pass."""
    note = f"{seconds:.2f} s, +{peaks[PLAIN] / MEGABYTE:.0f} MB in all"
    print(f"| {title} | plain | 1 ({note}) | 0 |")
    for name, ratio in ratios.items():
        if name != PLAIN:
            more = (peaks[name] - peaks[PLAIN]) / MEGABYTE
            print(f"| | {name} | {ratio:.2f} | {round(more):+d} |", flush=True)


def print_head() -> None:
    """Print the header of the table."""
    print("| model | way | time, ratio to plain | memory, MB over plain |")
    print("|---|---|---|---|")
