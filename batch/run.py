"""One run: from a source to a folder of maps, going on where the run before it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from heedmap.batch import cluster, find, local, sheet
from heedmap.batch.find import Photo
from heedmap.batch.folder import Folder
from heedmap.batch.job import Job, Plan

Tell = Callable[[int], object]
# Maps the photos of a plan, and tells how many are done.
Runner = Callable[[Plan, Sequence[Photo], Tell], object]


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes:
        photos: of the source.
        before: how many of them had rows when the run began.
        failures: (name, reason) of those that cannot be mapped.
    """

    photos: int
    before: int
    failures: list[tuple[str, str]]


def on_this_machine(workers: int) -> Runner:
    """A runner with so many processes."""
    return lambda plan, photos, tell: local.run(plan, photos, workers, tell)


def on_ray(workers: int, where: cluster.Cluster) -> Runner:
    """A runner with so many actors of Ray."""
    return lambda plan, photos, tell: cluster.run(plan, photos, workers, tell, where)


def run(
    job: Job,
    source: str,
    out: Path,
    runner: Runner,
    *,
    batch: int = 8,
    threads: int = 1,
    retry_failed: bool = False,
    begin: Callable[[int, int], Tell] = lambda photos, before: lambda count: None,
) -> Result:
    """Map all photos of a source that have no rows yet.

    Args:
        job: what is asked for.
        source: see `find.photos`.
        out: the folder to write to; it is made where there is none.
        runner: what maps them.
        batch: photos of one shape that run through the model at once.
        threads: of PyTorch, in each worker.
        retry_failed: take the photos once more that could not be mapped before.
        begin: called with the number of photos and of those that have rows; returns what is
            called with the number of photos each time some are done.

    Raises:
        HeedmapError: no photos, a folder with other maps, or settings that do not fit the model.
    """
    folder = Folder(out)
    photos = find.photos(source, out)
    settings = job.settings(find.root(source))
    with folder.alone():
        run_id = folder.begin(settings, retry_failed)
        done = folder.done()
        left = [photo for photo in photos if photo.name not in done]
        tell = begin(len(photos), len(photos) - len(left))
        if left:
            runner(Plan(job, out, run_id, batch, threads), left, tell)
        result = Result(len(photos), len(photos) - len(left), folder.failures())
        if job.sheet:
            sheet.write(folder, [photo.name for photo in photos], job)
    return result
