"""Visitors with photos of their own, with an engine and without: `python -m benchmarks.engine`.

Each visitor uploads a photo, looks at two layers and heads of it, and uploads the next, one after
the other as fast as the server answers. First a server that runs its passes itself, then one whose
passes run at an engine of two replicas; all on this machine, so the two share its cores, and what
an engine on other machines would add is not seen. Given for each: photos and views, failures,
median and 95th percentile of the seconds from an upload to its map (a pass) and from a change to
its map (no pass), and CPU-seconds and memory of the server and of the engine. Where other work runs
on the machine, CPU-seconds tell more than the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import numpy as np

from benchmarks.load import HEADS, LAYERS, MOST_VISITORS, VISITORS, shows_map, up_to
from benchmarks.measure import MEGABYTE
from benchmarks.server import ROOT, App, free_port, serve
from benchmarks.visitor import Visitor, visit

if TYPE_CHECKING:
    from streamlit.proto.Common_pb2 import FileURLs

UPLOADER = "Or your own: choose a file or drop it here"
SECONDS, SIZE, SIDE = 300, 224, 640  # of the visit; short side that the model sees; photo, px
VIEWS = 2  # of each photo
STARTS_WITHIN = 180.0  # seconds, of the engine
GRACE = 120.0  # seconds for what is asked for in the last moment
REPLICAS = 2
HEAD = """\
| passes run | photos | views | failures | photo to map, median s | 95 % s | \
change to map, median s | 95 % s | server, CPU-seconds a photo | server MB | \
engine, CPU-seconds a photo | engine MB |
|---|---|---|---|---|---|---|---|---|---|---|---|"""


@dataclass
class Met:
    """What visitors met, in seconds."""

    photos: list[float] = field(default_factory=list)
    views: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def photo(seed: int) -> bytes:
    """A JPEG that no other visitor has."""
    from heedmap import viz

    names = viz.sample_ids()
    pixels = np.array(viz.enlarged(viz.open_sample(names[seed % len(names)]), SIDE))
    pixels[:16, :16] = np.random.default_rng(seed).integers(0, 256, (16, 16, 3))
    return viz.encode_jpeg(pixels)


async def put(client: httpx2.AsyncClient, place: FileURLs, content: bytes) -> None:
    """Upload a file as Streamlit's client does."""
    cookie = (await client.get("/_stcore/health")).headers["Set-Cookie"].split(";")[0]
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n'
    body = head + b"Content-Type: image/jpeg\r\n\r\n" + content + b"\r\n--x--\r\n"
    headers = {
        "Content-Type": "multipart/form-data; boundary=x", "Cookie": cookie,
        "X-Xsrftoken": cookie.partition("=")[2], "Origin": str(client.base_url).rstrip("/"),
    }  # fmt: skip
    (await client.put(place.upload_url, content=body, headers=headers)).raise_for_status()


async def come(app: App, number: int, until: float, met: Met) -> None:
    """One visitor, until it is time."""
    choose = random.Random(number)
    patient = httpx2.AsyncClient(base_url=app.url, timeout=None)  # as a browser is
    async with visit(app.url) as visitor, patient as client:
        await visitor.open(f"size={SIZE}")
        seed = number
        while time.perf_counter() < until:
            content = await asyncio.to_thread(photo, seed)
            seed += MOST_VISITORS
            await upload(visitor, client, content, met)
            for _ in range(VIEWS):
                await look(visitor, choose.randrange(LAYERS), choose.randrange(HEADS), met)


async def upload(visitor: Visitor, client: httpx2.AsyncClient, content: bytes, met: Met) -> None:
    """Send a photo and wait for its map."""
    start = time.perf_counter()
    place = await visitor.place_for_upload()
    await put(client, place, content)
    run = await visitor.change({UPLOADER: place})
    stage = run.components.get("heedmap_stage")
    if run.errors or not (stage and stage["panels"][0]["values"]):
        met.failures.append(run.errors[0] if run.errors else "no map")
    else:
        met.photos.append(time.perf_counter() - start)


async def look(visitor: Visitor, layer: int, head: int, met: Met) -> None:
    """Change layer and head, and wait for the map."""
    start = time.perf_counter()
    run = await visitor.change({"Layer": layer, "Head": f"Head {head}"})
    if run.errors or not shows_map(run, layer, head):
        met.failures.append(run.errors[0] if run.errors else f"not layer {layer}, head {head}")
    else:
        met.views.append(time.perf_counter() - start)


async def together(app: App, visitors: int, seconds: float) -> Met:
    """All visitors at once; one who ends with an error is a failure."""
    met, until = Met(), time.perf_counter() + seconds
    coming = [come(app, number, until, met) for number in range(visitors)]
    everyone = asyncio.gather(*coming, return_exceptions=True)
    ends = await asyncio.wait_for(everyone, seconds + GRACE)
    met.failures += [repr(end) for end in ends if isinstance(end, BaseException)]
    return met


@contextmanager
def engine(log: Path) -> Iterator[tuple[str, int]]:
    """The address of an engine of two replicas, and the number of its process."""
    port = free_port()
    command = [sys.executable, "-m", "heedmap", "engine"]
    command += ["--replicas", str(REPLICAS), "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while b"The engine runs" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The engine did not come up:\n{log.read_text()}")
            time.sleep(0.2)
        yield f"http://localhost:{port}", process.pid
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:  # all that it started ends with it
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Used:
    """What a process and all that it started have used (Linux only).

    Attributes:
        nbytes: their memory, what they share counted once.
        cpu: CPU-seconds so far.
    """

    nbytes: float = 0.0
    cpu: float = 0.0


def used(root: int) -> Used:
    """By a process that was started here; nothing of 0."""
    family = _family(root) if root else set()
    return Used(sum(map(_nbytes, family)), sum(map(_cpu, family)))


def _family(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        if fields := _stat(int(path.name)):
            parents[int(path.name)] = int(fields[1])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _stat(pid: int) -> list[str]:
    """What /proc says of a process, from its state on; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu(pid: int) -> float:
    return sum(map(int, _stat(pid)[11:13])) / os.sysconf("SC_CLK_TCK")


def _nbytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(1024.0 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def row(name: str, met: Met, server: Used, engine: Used) -> str:
    """A line of the table."""
    found = [name, len(met.photos), len(met.views), len(met.failures)]
    for each in (met.photos, met.views):
        found += [f"{statistics.median(each):.2f}", f"{statistics.quantiles(each, n=20)[-1]:.2f}"]
    for one in (server, engine):
        found += [f"{one.cpu / len(met.photos):.2f}", f"{one.nbytes / MEGABYTE:.0f}"]
    return f"| {' | '.join(map(str, found))} |"


def main() -> None:
    """Measure both and print the table; exit with 1 after a failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--visitors", type=up_to(MOST_VISITORS), default=VISITORS)
    parser.add_argument("--seconds", type=up_to(3600), default=SECONDS, help="of each visit")
    options = parser.parse_args()
    print(f"{options.visitors} visitors, {options.seconds} s, {SIZE} px.\n")
    print(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        failures = _measure("in the server", options, Path(folder))
        with engine(Path(folder) / "engine.txt") as (where, pid):
            name = f"in {REPLICAS} replicas"
            failures += _measure(name, options, Path(folder), pid, HEEDMAP_ENGINE=where)
    if failures:
        sys.exit(f"{len(failures)} failures, the first: {failures[0]}")


def _measure(
    name: str, options: argparse.Namespace, folder: Path, engine: int = 0, **env: str
) -> list[str]:
    """One line of the table, printed; returns the failures."""
    with serve(folder / "log.txt", **env) as app:
        asyncio.run(together(app, 1, 1))  # loads the model
        processes = (app.process.pid, engine)
        before = [used(each).cpu for each in processes]
        met = asyncio.run(together(app, options.visitors, options.seconds))
        after = [used(each) for each in processes]
    took = [Used(now.nbytes, now.cpu - cpu) for now, cpu in zip(after, before, strict=True)]
    print(row(name, met, *took), flush=True)
    return met.failures


if __name__ == "__main__":
    main()
